// AVA's `test` with the tests of one file in a row. Side by side they would ask for twenty database
// connections in one instant, and a busy machine would then answer 503 as it should.
import ava from 'ava';

export const test = ava.serial;
