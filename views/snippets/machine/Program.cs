using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

var http = new HttpClient();
var credentials = "{{client_id}}:" + Environment.GetEnvironmentVariable("CLIENT_SECRET");
var request = new HttpRequestMessage(HttpMethod.Post, "{{token_endpoint}}");
request.Headers.Authorization = new AuthenticationHeaderValue(
    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
{
    ["grant_type"] = "client_credentials",
    ["scope"] = "{{scope}}",
    ["resource"] = "{{resource}}",
});
var answer = await http.SendAsync(request);
var json = await answer.Content.ReadAsStringAsync();
if (!answer.IsSuccessStatusCode) throw new Exception(json);

// Good for expires_in seconds: keep it and use it for every call until then.
var token = JsonDocument.Parse(json).RootElement.GetProperty("access_token").GetString();

http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
var response = await http.GetAsync("{{example_url}}");
Console.WriteLine((int)response.StatusCode + " " + await response.Content.ReadAsStringAsync());
