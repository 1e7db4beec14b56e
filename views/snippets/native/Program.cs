using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

// A free port of this machine: the server takes any.
var probe = new TcpListener(IPAddress.Loopback, 0);
probe.Start();
var origin = "http://{{loopback_host}}:" + ((IPEndPoint)probe.LocalEndpoint).Port;
probe.Stop();
var redirectUri = origin + "{{callback_path}}";
var listener = new HttpListener();
listener.Prefixes.Add(origin + "/");
listener.Start();

string NewValue()
{
    var bytes = new byte[32];
    using (var source = RandomNumberGenerator.Create()) source.GetBytes(bytes);
    return Base64Url(bytes);
}
string Base64Url(byte[] bytes) =>
    Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

var state = NewValue();
var verifier = NewValue();
string challenge;
using (var sha256 = SHA256.Create())
    challenge = Base64Url(sha256.ComputeHash(Encoding.ASCII.GetBytes(verifier)));
var query = new Dictionary<string, string>
{
    ["client_id"] = "{{client_id}}",
    ["response_type"] = "code",
    ["redirect_uri"] = redirectUri,
    ["scope"] = "{{openid_scope}}",
    ["resource"] = "{{resource}}",
    ["state"] = state,
    ["code_challenge"] = challenge,
    ["code_challenge_method"] = "S256",
};
Console.WriteLine("Open {{authorization_endpoint}}?" + string.Join("&", query.Select(
    field => field.Key + "=" + Uri.EscapeDataString(field.Value))));

var context = await listener.GetContextAsync();
var back = context.Request.QueryString;
using (var page = new StreamWriter(context.Response.OutputStream))
    page.Write("You may close this window.");
listener.Stop();
if (back["state"] != state || back["code"] == null)
    throw new Exception("The sign-in did not succeed: " + back["error_description"]);

var http = new HttpClient();
var answer = await http.PostAsync("{{token_endpoint}}", new FormUrlEncodedContent(
    new Dictionary<string, string>
    {
        ["grant_type"] = "authorization_code",
        ["client_id"] = "{{client_id}}",
        ["code"] = back["code"],
        ["redirect_uri"] = redirectUri,
        ["code_verifier"] = verifier,
    }));
var json = await answer.Content.ReadAsStringAsync();
if (!answer.IsSuccessStatusCode) throw new Exception(json);
var token = JsonDocument.Parse(json).RootElement.GetProperty("access_token").GetString();

http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
var response = await http.GetAsync("{{example_url}}");
Console.WriteLine((int)response.StatusCode + " " + await response.Content.ReadAsStringAsync());
