using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

var clientId = "{{client_id}}";
var clientSecret = Environment.GetEnvironmentVariable("CLIENT_SECRET");
var redirectUri = "{{redirect_uri}}";
var http = new HttpClient();

string NewValue()
{
    var bytes = new byte[32];
    using (var source = RandomNumberGenerator.Create()) source.GetBytes(bytes);
    return Base64Url(bytes);
}
string Base64Url(byte[] bytes) =>
    Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

// Sends the browser to sign in. It keeps what proves, when it comes back, that it is the same one.
string Begin(HttpListenerResponse response)
{
    var state = NewValue();
    var verifier = NewValue();
    string challenge;
    using (var sha256 = SHA256.Create())
        challenge = Base64Url(sha256.ComputeHash(Encoding.ASCII.GetBytes(verifier)));
    var query = new Dictionary<string, string>
    {
        ["client_id"] = clientId,
        ["response_type"] = "code",
        ["redirect_uri"] = redirectUri,
        ["scope"] = "{{openid_scope}}",
        ["resource"] = "{{resource}}",
        ["state"] = state,
        ["code_challenge"] = challenge,
        ["code_challenge_method"] = "S256",
    };
    var secure = redirectUri.StartsWith("https:") ? "; Secure" : "";
    response.AddHeader("Set-Cookie",
        "sign_in=" + state + "." + verifier + "; HttpOnly; SameSite=Lax; Path=/" + secure);
    response.Redirect("{{authorization_endpoint}}?" + string.Join("&", query.Select(
        field => field.Key + "=" + Uri.EscapeDataString(field.Value))));
    return "";
}

// Exchanges the code for tokens and calls the API.
async Task<string> Finish(HttpListenerRequest request)
{
    var query = request.QueryString;
    var kept = (request.Cookies["sign_in"]?.Value ?? "").Split('.');
    if (kept.Length != 2 || query["state"] != kept[0] || query["code"] == null)
        throw new Exception("The sign-in did not succeed: " + query["error_description"]);

    var message = new HttpRequestMessage(HttpMethod.Post, "{{token_endpoint}}");
    message.Headers.Authorization = new AuthenticationHeaderValue(
        "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(clientId + ":" + clientSecret)));
    message.Content = new FormUrlEncodedContent(new Dictionary<string, string>
    {
        ["grant_type"] = "authorization_code",
        ["code"] = query["code"],
        ["redirect_uri"] = redirectUri,
        ["code_verifier"] = kept[1],
    });
    var answer = await http.SendAsync(message);
    var json = await answer.Content.ReadAsStringAsync();
    if (!answer.IsSuccessStatusCode) throw new Exception(json);
    var token = JsonDocument.Parse(json).RootElement.GetProperty("access_token").GetString();

    var call = new HttpRequestMessage(HttpMethod.Get, "{{example_url}}");
    call.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
    var response = await http.SendAsync(call);
    return (int)response.StatusCode + " " + await response.Content.ReadAsStringAsync();
}

var listener = new HttpListener();
listener.Prefixes.Add("http://{{listen_host}}:{{port}}/");
listener.Start();
Console.WriteLine("Open {{start_url}}");
while (true)
{
    var context = await listener.GetContextAsync();
    var text = "";
    try
    {
        var path = context.Request.Url.AbsolutePath;
        if (path == "{{start_path}}") text = Begin(context.Response);
        else if (path == "{{callback_path}}") text = await Finish(context.Request);
        else context.Response.StatusCode = 404;
    }
    catch (Exception error)
    {
        context.Response.StatusCode = 400;
        text = error.Message;
    }
    context.Response.ContentType = "text/plain; charset=utf-8";
    var bytes = Encoding.UTF8.GetBytes(text);
    context.Response.OutputStream.Write(bytes, 0, bytes.Length);
    context.Response.Close();
}
