package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// grace is how long to wait for answers after the last request was due.
const grace = 5 * time.Second

// newClient keeps its connections open between requests, as OpenAI's SDKs do.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	transport.MaxIdleConns = 0
	transport.MaxIdleConnsPerHost = 1 << 16
	return &http.Client{Transport: transport}
}

// send sends a request; the caller closes the body of the response.
func send(ctx context.Context, client *http.Client, o options, tokens int, stream bool) (*http.Response, error) {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"How long does it take?"}],"max_tokens":%d,"stream":%t}`,
		o.model, tokens, stream)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/v1/chat/completions", bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer none")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return response, nil
}

var contentKey = []byte(`"content"`)

// content is the number that the mock engine sent as content; gateways may reformat the JSON around it.
func content(text []byte) (int64, bool) {
	at := bytes.Index(text, contentKey)
	if at < 0 {
		return 0, false
	}
	rest := bytes.TrimLeft(text[at+len(contentKey):], `: "`)
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return 0, false
	}
	number, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	return number, err == nil
}
