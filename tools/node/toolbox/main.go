// toolbox is a client for pods without a shell: one static program that resolves names without libc.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	usage = `toolbox get URL             print the body of an HTTP answer
toolbox dial HOST:PORT      open a TCP connection
toolbox lookup NAME         print a name's addresses
toolbox serve ADDRESS TEXT  answer every HTTP request with TEXT and the host name
toolbox write FILE TEXT     write TEXT into FILE
toolbox read FILE           print FILE
toolbox wait                do nothing until stopped`
	patience = 3 * time.Second
)

var commands = map[string]struct {
	operands int
	run      func(operands []string) error
}{
	"get":    {1, get},
	"dial":   {1, dial},
	"lookup": {1, lookup},
	"serve":  {2, serve},
	"write":  {2, func(o []string) error { return os.WriteFile(o[0], []byte(o[1]), 0o666) }},
	"read":   {1, read},
	"wait":   {0, wait},
}

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		fail(usage)
	}
	command, ok := commands[args[0]]
	if !ok || len(args)-1 != command.operands {
		fail(usage)
	}
	if err := command.run(args[1:]); err != nil {
		fail(err)
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(1)
}

func get(operands []string) error {
	client := http.Client{Timeout: patience}
	answer, err := client.Get(operands[0])
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end below
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s", answer.Status)
	}
	return nil
}

func dial(operands []string) error {
	connection, err := net.DialTimeout("tcp", operands[0], patience)
	if err != nil {
		return err
	}
	return connection.Close()
}

func lookup(operands []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, operands[0])
	if err != nil {
		return err
	}
	fmt.Println(addresses)
	return nil
}

func serve(operands []string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	return http.ListenAndServe(operands[0], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, operands[1], host) //nolint:errcheck // a client that has disconnected needs no answer
	}))
}

func read(operands []string) error {
	text, err := os.ReadFile(operands[0])
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

// wait ends on SIGTERM, which the kernel does not deliver to a container's first process without a handler.
func wait([]string) error {
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGINT, syscall.SIGTERM)
	<-stopped
	return nil
}
