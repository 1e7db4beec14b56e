package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"golang.org/x/oauth2"
)

var config = oauth2.Config{
	ClientID:     "{{client_id}}",
	ClientSecret: os.Getenv("CLIENT_SECRET"),
	RedirectURL:  "{{redirect_uri}}",
	Scopes:       strings.Fields("{{openid_scope}}"),
	Endpoint: oauth2.Endpoint{
		AuthURL:   "{{authorization_endpoint}}",
		TokenURL:  "{{token_endpoint}}",
		AuthStyle: oauth2.AuthStyleInHeader,
	},
}

func main() {
	http.HandleFunc("{{start_path}}", begin)
	http.HandleFunc("{{callback_path}}", finish)
	fmt.Println("Open {{start_url}}")
	log.Fatal(http.ListenAndServe(":{{port}}", nil))
}

// Sends the browser to sign in. It keeps what proves, when it comes back, that it is the same one.
func begin(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "{{start_path}}" {
		http.NotFound(w, r)
		return
	}
	state, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	http.SetCookie(w, &http.Cookie{
		Name:     "sign_in",
		Value:    state + "." + verifier,
		Path:     "/",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
		Secure:   strings.HasPrefix(config.RedirectURL, "https:"),
	})
	resource := oauth2.SetAuthURLParam("resource", "{{resource}}")
	url := config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), resource)
	http.Redirect(w, r, url, http.StatusFound)
}

// Exchanges the code for tokens and calls the API.
func finish(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("sign_in")
	if err != nil || r.FormValue("code") == "" {
		http.Error(w, "The sign-in did not succeed: "+r.FormValue("error_description"), 400)
		return
	}
	state, verifier, _ := strings.Cut(cookie.Value, ".")
	if r.FormValue("state") != state {
		http.Error(w, "This browser did not begin the sign-in.", 400)
		return
	}
	token, err := config.Exchange(r.Context(), r.FormValue("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	answer, err := config.Client(r.Context(), token).Get("{{example_url}}")
	if err != nil {
		http.Error(w, err.Error(), 502)
		return
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "%d %s\n", answer.StatusCode, body)
}
