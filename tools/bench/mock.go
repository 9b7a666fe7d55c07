package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A mockEngine answers as an OpenAI server does, after a fixed time for each token. It has no model: a token of a stream is the time at
// which it was sent, and the content of a complete answer is the time spent in the engine, both in nanoseconds.
type mockEngine struct {
	token    time.Duration
	inFlight atomic.Int64
	requests atomic.Int64 // since the last reset
	busy     atomic.Int64 // total nanoseconds of all requests, since the last reset
}

// A chatRequest has the fields of a request that a mock engine reads.
type chatRequest struct {
	Model               string `json:"model"`
	Stream              bool   `json:"stream"`
	MaxTokens           int    `json:"max_tokens"`
	MaxCompletionTokens int    `json:"max_completion_tokens"`
}

func (e *mockEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	switch r.URL.Path {
	case "/v1/chat/completions":
	case "/v1/models":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"object":"list","data":[{"id":"chat","object":"model","created":1,"owned_by":"mock"}]}`)
		return
	case "/health":
		return
	default:
		http.NotFound(w, r)
		return
	}
	var q chatRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, `{"error":{"message":"not JSON","type":"invalid_request_error"}}`, http.StatusBadRequest)
		return
	}
	e.requests.Add(1)
	e.inFlight.Add(1)
	defer func() {
		e.inFlight.Add(-1)
		e.busy.Add(int64(time.Since(begin)))
	}()
	tokens := max(q.MaxTokens, q.MaxCompletionTokens, 1)
	if q.Stream {
		e.stream(w, r, q.Model, tokens)
		return
	}
	select {
	case <-time.After(time.Duration(tokens) * e.token):
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"mock","object":"chat.completion","created":1,"model":%q,"choices":[{"index":0,"message":`+
		`{"role":"assistant","content":"%d"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":%d,"total_tokens":%d}}`,
		q.Model, time.Since(begin), tokens, tokens+1)
}

func (e *mockEngine) stream(w http.ResponseWriter, r *http.Request, model string, tokens int) {
	w.Header().Set("Content-Type", "text/event-stream")
	head := `data: {"id":"mock","object":"chat.completion.chunk","created":1,"model":` + strconv.Quote(model) + `,"choices":[{"index":0,"delta":`
	flusher := w.(http.Flusher)
	due := time.Now()
	for range tokens {
		due = due.Add(e.token)
		select {
		case <-time.After(time.Until(due)):
		case <-r.Context().Done():
			return
		}
		fmt.Fprintf(w, "%s{\"role\":\"assistant\",\"content\":\"%d\"},\"finish_reason\":null}]}\n\n", head, time.Now().UnixNano())
		flusher.Flush()
	}
	io.WriteString(w, head+"{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

// A splitter stands in for kube-proxy: it has one address, and forwards each connection to an engine chosen at random.
type splitter struct {
	addresses []string
	active    atomic.Int64 // how many of the addresses get connections
}

func (s *splitter) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go s.join(client, s.addresses[rand.Int64N(s.active.Load())])
	}
}

func (s *splitter) join(client net.Conn, address string) {
	defer client.Close()
	engine, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer engine.Close()
	go func() {
		io.Copy(engine, client)
		engine.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(client, engine)
}

// count has the requests to the engines since the last reset.
type count struct {
	Requests []int64 `json:"requests"` // of each engine
	BusyMs   []int64 `json:"busy_ms"`  // of each engine: the total time of its requests
	Peaks    []int64 `json:"peaks"`    // of each sample: requests of the busiest engine, in thousandths of the mean
}

// A watch samples the number of requests in each engine, a hundred times a second.
type watch struct {
	engines  []*mockEngine
	splitter *splitter
	lock     sync.Mutex
	peaks    []int64
}

func (o *watch) sample() {
	for range time.Tick(10 * time.Millisecond) {
		var most, sum int64
		active := o.engines[:o.splitter.active.Load()]
		for _, engine := range active {
			n := engine.inFlight.Load()
			most, sum = max(most, n), sum+n
		}
		if sum > 0 {
			o.lock.Lock()
			o.peaks = append(o.peaks, most*1000*int64(len(active))/sum)
			o.lock.Unlock()
		}
	}
}

func (o *watch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.lock.Lock()
	defer o.lock.Unlock()
	switch r.URL.Path {
	case "/reset":
		for _, engine := range o.engines {
			engine.requests.Store(0)
			engine.busy.Store(0)
		}
		o.peaks = nil
	case "/join":
		o.splitter.active.Store(int64(len(o.engines)))
	case "/count":
		found := count{Peaks: slices.Clone(o.peaks)}
		for _, engine := range o.engines {
			found.Requests = append(found.Requests, engine.requests.Load())
			found.BusyMs = append(found.BusyMs, engine.busy.Load()/1e6)
		}
		json.NewEncoder(w).Encode(found)
	default:
		http.NotFound(w, r)
	}
}

// mock serves until the process is terminated.
func mock(engines, spare int, token time.Duration) error {
	failed := make(chan error, 1)
	serve := func(handler http.Handler) (string, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		go func() { failed <- http.Serve(listener, handler) }()
		return listener.Addr().String(), nil
	}
	split := &splitter{}
	split.active.Store(int64(engines))
	watched := &watch{splitter: split}
	for range engines + spare {
		engine := &mockEngine{token: token}
		address, err := serve(engine)
		if err != nil {
			return err
		}
		watched.engines = append(watched.engines, engine)
		split.addresses = append(split.addresses, address)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go split.serve(listener)
	go watched.sample()
	control, err := serve(watched)
	if err != nil {
		return err
	}
	where := map[string]any{"engines": split.addresses, "service": listener.Addr().String(), "control": control}
	if err := json.NewEncoder(os.Stdout).Encode(where); err != nil {
		return err
	}
	return <-failed
}
