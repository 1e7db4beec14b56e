package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

func main() {
	// A free port of this machine: the server takes any.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	config := oauth2.Config{
		ClientID:    "{{client_id}}",
		RedirectURL: fmt.Sprint("http://{{loopback_host}}:", listener.Addr().(*net.TCPAddr).Port) + "{{callback_path}}",
		Scopes:      strings.Fields("{{openid_scope}}"),
		Endpoint: oauth2.Endpoint{
			AuthURL:   "{{authorization_endpoint}}",
			TokenURL:  "{{token_endpoint}}",
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}

	state, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	resource := oauth2.SetAuthURLParam("resource", "{{resource}}")
	fmt.Println("Open", config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), resource))

	answers := make(chan url.Values, 1)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "You may close this window.")
		select {
		case answers <- r.URL.Query():
		default:
		}
	}))
	answer := <-answers
	if answer.Get("state") != state || answer.Get("code") == "" {
		log.Fatal("The sign-in did not succeed: ", answer.Get("error_description"))
	}

	background := context.Background()
	token, err := config.Exchange(background, answer.Get("code"), oauth2.VerifierOption(verifier))
	check(err)
	response, err := config.Client(background, token).Get("{{example_url}}")
	check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(err)
	fmt.Println(response.StatusCode, string(body))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
