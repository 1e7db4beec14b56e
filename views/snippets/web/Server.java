import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
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
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Server {
  static final String CLIENT_ID = "{{client_id}}";
  static final String CLIENT_SECRET = System.getenv("CLIENT_SECRET");
  static final String REDIRECT_URI = "{{redirect_uri}}";
  static final HttpClient HTTP = HttpClient.newHttpClient();

  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress({{port}}), 0);
    server.createContext("/", exchange -> {
      try {
        var path = exchange.getRequestURI().getPath();
        if (path.equals("{{start_path}}")) begin(exchange);
        else if (path.equals("{{callback_path}}")) finish(exchange);
        else answer(exchange, 404, "");
      } catch (Exception error) {
        answer(exchange, 400, error.toString());
      }
    });
    server.start();
    System.out.println("Open {{start_url}}");
  }

  /** Sends the browser to sign in. It keeps what proves, when it comes back, that it is the same one. */
  static void begin(HttpExchange exchange) throws Exception {
    var state = random();
    var verifier = random();
    var secure = REDIRECT_URI.startsWith("https:") ? "; Secure" : "";
    exchange.getResponseHeaders().add("Set-Cookie",
        "sign_in=" + state + "." + verifier + "; HttpOnly; SameSite=Lax; Path=/" + secure);
    exchange.getResponseHeaders().add("Location", "{{authorization_endpoint}}?" + encode(Map.of(
        "client_id", CLIENT_ID,
        "response_type", "code",
        "redirect_uri", REDIRECT_URI,
        "scope", "{{openid_scope}}",
        "resource", "{{resource}}",
        "state", state,
        "code_challenge", base64(MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(UTF_8))),
        "code_challenge_method", "S256")));
    answer(exchange, 302, "");
  }

  /** Exchanges the code for tokens and calls the API. */
  static void finish(HttpExchange exchange) throws Exception {
    var query = decode(exchange.getRequestURI().getRawQuery());
    var cookies = String.join("; ", exchange.getRequestHeaders().getOrDefault("Cookie", List.of()));
    var kept = Pattern.compile("sign_in=([^.;]+)\\.([^;]+)").matcher(cookies);
    if (!kept.find() || !kept.group(1).equals(query.get("state")) || !query.containsKey("code"))
      throw new IllegalStateException("The sign-in did not succeed: " + query.get("error_description"));

    var credentials = Base64.getEncoder().encodeToString((CLIENT_ID + ":" + CLIENT_SECRET).getBytes(UTF_8));
    var tokens = HTTP.send(HttpRequest.newBuilder(URI.create("{{token_endpoint}}"))
        .header("Authorization", "Basic " + credentials)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(encode(Map.of(
            "grant_type", "authorization_code",
            "code", query.get("code"),
            "redirect_uri", REDIRECT_URI,
            "code_verifier", kept.group(2)))))
        .build(), BodyHandlers.ofString());
    var token = member(tokens.body(), "access_token");

    var response = HTTP.send(HttpRequest.newBuilder(URI.create("{{example_url}}"))
        .header("Authorization", "Bearer " + token)
        .build(), BodyHandlers.ofString());
    answer(exchange, 200, response.statusCode() + " " + response.body());
  }

  static void answer(HttpExchange exchange, int status, String text) throws IOException {
    var bytes = text.getBytes(UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
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
