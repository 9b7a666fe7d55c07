package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// patience is how long answers are waited for after the last request was due.
const patience = 5 * time.Second

// newClient keeps its connections open between requests, as OpenAI's SDKs do.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	transport.MaxIdleConns = 0
	transport.MaxIdleConnsPerHost = 1 << 16
	return &http.Client{Transport: transport}
}

// ask sends a request; the answer's body is the caller's to close.
func ask(ctx context.Context, client *http.Client, o options, tokens int, stream bool) (*http.Response, error) {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"How long does it take?"}],"max_tokens":%d,"stream":%t}`,
		o.model, tokens, stream)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/v1/chat/completions", bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer none")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	return answer, nil
}

var contentKey = []byte(`"content"`)

// content is the number that the mock engine wrote as its token; proxies may have put the JSON around it in another form.
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
