import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Client {
  public static void main(String[] args) throws Exception {
    var http = HttpClient.newHttpClient();
    var credentials = "{{client_id}}:" + System.getenv("CLIENT_SECRET");
    var form = Map.of(
        "grant_type", "client_credentials",
        "scope", "{{scope}}",
        "resource", "{{resource}}");
    var answer = http.send(HttpRequest.newBuilder(URI.create("{{token_endpoint}}"))
        .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8)))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(encode(form)))
        .build(), BodyHandlers.ofString());

    // Good for expires_in seconds: keep it and use it for every call until then.
    var token = member(answer.body(), "access_token");

    var response = http.send(HttpRequest.newBuilder(URI.create("{{example_url}}"))
        .header("Authorization", "Bearer " + token)
        .build(), BodyHandlers.ofString());
    System.out.println(response.statusCode() + " " + response.body());
  }

  static String encode(Map<String, String> form) {
    return form.entrySet().stream()
        .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), UTF_8))
        .collect(Collectors.joining("&"));
  }

  /** Your JSON library does this better. */
  static String member(String json, String name) {
    var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
    if (!found.find()) throw new IllegalStateException(json);
    return found.group(1);
  }
}
