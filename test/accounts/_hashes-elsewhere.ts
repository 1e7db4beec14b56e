// One password as other programs hashed it: written down once, so that nothing of ours or of Node made them.
// argon2-cffi 25.1, pyca/bcrypt 5.0, passlib 1.7.4, Werkzeug 3.1, Django 5.2, and hashlib of Python 3.11.
import type { HashSource } from '../../src/accounts/passwords/imported/hash-kind.ts';

export const PASSWORD_ELSEWHERE = 'four green ferry whistles';

export const HASHES_ELSEWHERE: Record<string, HashSource> = {
  'argon2i, argon2-cffi':
    '$argon2i$v=19$m=64,t=2,p=2$C2mieoFEY0mPt2uO+ADK7A$gg/DVWYF0Lq/+B/ufchnzUHbvVp/KGSEg9GS8JTlvE4',
  'argon2d, argon2-cffi':
    '$argon2d$v=19$m=64,t=2,p=2$y9O9R+96tnmhOfKGByDhuQ$po0L8PRl71f1M3Jf0E5VgJ/EcS8jyrv7ng12IQJ5fZ8',
  'argon2id, argon2-cffi':
    '$argon2id$v=19$m=64,t=2,p=2$LIK99s9Dnwp1yp89mWMmOA$xjpxunNZ8IdTTJiz9t14EvibYSqufJDrmbzsXZiGd3E',
  'bcrypt 2b, pyca': '$2b$04$9fP5NjQ88I7ASry9k0AbUeFfmGp96PY0K7NOx1lVmKFU3MQd8cBaC',
  'bcrypt 2a, pyca': '$2a$04$OoOajWiZsu.aLttKKOLqz.RiZVnW38wXO1ykLw965Mz9gTFiqwNuC',
  'scrypt, passlib':
    '$scrypt$ln=10,r=8,p=1$2psTAoAQovQeA2DMuXduTQ$bflmyDYig9IIOaVhsiW/ZqzdwQj/dYhDTByqbJYfnp4',
  'scrypt, Werkzeug':
    'scrypt:1024:8:1$GHESR19NgyA0gVoy$f4d76f0ecf4c87880bae2d60c6d3b3403bad9be04c4155ed1772bb7f287e458584c3e6a49d48543c8001b986b68e7479dc697adb83f997193a5d7e0deca5344b',
  'PBKDF2 SHA-1, passlib': '$pbkdf2$1000$FYLwfk9JifHeO2cMwVhr7Q$Bn1ght42i8gWbIzmvr9B5omaE40',
  'PBKDF2 SHA-256, passlib':
    '$pbkdf2-sha256$1000$67231jpHyLlXyvnfu7d2bg$5gBP5PssciX6HNA3t7hRGORRPNdnmU1KhH4lAiCQUAE',
  'PBKDF2 SHA-512, passlib':
    '$pbkdf2-sha512$1000$SskZw3iPMSakVOpd69271w$myml02DKTBMxjpRLxb9em7GiOFP2LHpxHu3l8la2V5JRDb.rsNdIHaUiw5GecwXIrLgaKfdgQqKP4jJqJLOsfA',
  'PBKDF2 SHA-256, Django':
    'pbkdf2_sha256$1000$YhbyX0Rvn3Q$uJC5VEnJGm2WCDI3QlLvHoCHDRLPTKxss+80qEpyyng=',
  'PBKDF2 SHA-512, Werkzeug':
    'pbkdf2:sha512:1000$OAkMyyhCtHsFsKFM$9e233452769bbfbd998399e15f6ec7afe05798088707c9b107cd022f8b113343573d995a928c5b2d58eba84d50a449914c418f20223ae7729e3e7c8fe3b91fb7',
  'SHA-1, passlib': '{SSHA}H9bCYkw96+2Vo01lHDVtEjK83hWQkpKS',
  'SHA-256, passlib': '{SSHA256}Ul0K2aDH1wEOUj/wNlj5GopYgGQnletCMDhS6uTpzbI15lxrrXXOGQ==',
  'SHA-512, passlib':
    '{SSHA512}wykDC+fBBTpgoHb1R6S+sjuU5nbsNdcZ1kTVAkhkxaTeWOv81luAGw6AXoMNKeW1PjB0Y6yXxjidi5HjCUOp4bQ2xlhLyRlj',
  'scrypt, Python': {
    algorithm: 'scrypt',
    N: 1024,
    r: 8,
    p: 1,
    encoding: 'hex',
    salt: 'a6daede6cfd2ab3964589a76e01bb99a',
    hash: '1a142c39e1ea5616b10d388efbdadf336746b3a7517224394b7064d56ca200a6621d28d772cb23c3b242d937d69605188698aed0cb06950048a8a5b9df051db3',
  },
  'PBKDF2 sha1, Python': {
    algorithm: 'pbkdf2',
    digest: 'sha1',
    iterations: 1000,
    salt: 'ptrt5s/SqzlkWJp24Bu5mg==',
    hash: 'Ymfbb6eBz29wysTbEZqdUHcmHlg=',
  },
  'PBKDF2 sha512, Python': {
    algorithm: 'pbkdf2',
    digest: 'sha512',
    iterations: 1000,
    salt: 'ptrt5s/SqzlkWJp24Bu5mg==',
    hash: 'rBmFlA7BRS4dlE5LJKbsDpYKtSmroM5p3Y4J3ETj6sJtH20obFPiitA4bIc+41r96Z+orVx70zB73yTiZM4DEQ==',
  },
  'sha1 prefix hex, Python': {
    algorithm: 'sha1',
    salt_position: 'prefix',
    encoding: 'hex',
    salt: 'a6daede6cfd2ab3964589a76e01bb99a',
    hash: '8f43bc2cfc900d4385301470a797c0086ce45ed4',
  },
  'sha256 suffix base64, Python': {
    algorithm: 'sha256',
    salt_position: 'suffix',
    salt: 'ptrt5s/SqzlkWJp24Bu5mg==',
    hash: '/jjv7TFtoso/KHpIugIOsW74eckFVBVs8rtYjAZZkLQ=',
  },
  'sha512 prefix base64, Python': {
    algorithm: 'sha512',
    salt_position: 'prefix',
    salt: 'ptrt5s/SqzlkWJp24Bu5mg==',
    hash: 'qQonTDtvBdcswZzvKJSzQw5UtG1jxlCrIxOGAPgpHaUovzOI+srIxr/iXZ+Xs37yYbErGDIXX2QuvkHgNcSjfw==',
  },
  'sha512 suffix hex, Python': {
    algorithm: 'sha512',
    salt_position: 'suffix',
    encoding: 'hex',
    salt: 'a6daede6cfd2ab3964589a76e01bb99a',
    hash: '08cf8ba3ec3a3c63f46667f1798b2a0350291553b61591795d02b8a0e1c466938caaa6c2b17475356f415c6d81657bc5c3f1df450739bacfdf23cc221c2cf62a',
  },
};
