import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Client {
  public static void main(String[] args) throws Exception {
    // A free port of this machine: the server takes any.
    var query = new CompletableFuture<String>();
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("{{callback_path}}", exchange -> {
      var text = "You may close this window.".getBytes(UTF_8);
      exchange.sendResponseHeaders(200, text.length);
      exchange.getResponseBody().write(text);
      exchange.close();
      query.complete(exchange.getRequestURI().getRawQuery());
    });
    server.start();
    var redirectUri = "http://{{loopback_host}}:" + server.getAddress().getPort() + "{{callback_path}}";

    var state = random();
    var verifier = random();
    var challenge = base64(MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(UTF_8)));
    System.out.println("Open {{authorization_endpoint}}?" + encode(Map.of(
        "client_id", "{{client_id}}",
        "response_type", "code",
        "redirect_uri", redirectUri,
        "scope", "{{openid_scope}}",
        "resource", "{{resource}}",
        "state", state,
        "code_challenge", challenge,
        "code_challenge_method", "S256")));

    var answer = decode(query.get());
    server.stop(1);
    if (!state.equals(answer.get("state")) || !answer.containsKey("code"))
      throw new IllegalStateException("The sign-in did not succeed: " + answer.get("error_description"));

    var http = HttpClient.newHttpClient();
    var tokens = http.send(HttpRequest.newBuilder(URI.create("{{token_endpoint}}"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(encode(Map.of(
            "grant_type", "authorization_code",
            "client_id", "{{client_id}}",
            "code", answer.get("code"),
            "redirect_uri", redirectUri,
            "code_verifier", verifier))))
        .build(), BodyHandlers.ofString());
    var token = member(tokens.body(), "access_token");

    var response = http.send(HttpRequest.newBuilder(URI.create("{{example_url}}"))
        .header("Authorization", "Bearer " + token)
        .build(), BodyHandlers.ofString());
    System.out.println(response.statusCode() + " " + response.body());
  }

  static String random() {
    var bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return base64(bytes);
  }

  static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  static String encode(Map<String, String> form) {
    return form.entrySet().stream()
        .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), UTF_8))
        .collect(Collectors.joining("&"));
  }

  static Map<String, String> decode(String query) {
    return Arrays.stream(query.split("&"))
        .map(field -> field.split("=", 2))
        .collect(Collectors.toMap(field -> field[0], field -> URLDecoder.decode(field[1], UTF_8)));
  }

  /** Your JSON library does this better. */
  static String member(String json, String name) {
    var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
    if (!found.find()) throw new IllegalStateException(json);
    return found.group(1);
  }
}
