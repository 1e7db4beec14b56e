package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	config := clientcredentials.Config{
		ClientID:       "{{client_id}}",
		ClientSecret:   os.Getenv("CLIENT_SECRET"),
		TokenURL:       "{{token_endpoint}}",
		AuthStyle:      oauth2.AuthStyleInHeader,
		Scopes:         strings.Fields("{{scope}}"),
		EndpointParams: url.Values{"resource": {"{{resource}}"}},
	}
	// It keeps the token, uses it for every call and fetches the next one when it has expired.
	client := config.Client(context.Background())

	response, err := client.Get("{{example_url}}")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, string(body))
}
