// Package clochetest gives tests a Cloche (AWS services on this machine): a server, a branch of a prepared state for each test, and a clock
// that obeys.
package clochetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Error is what Cloche said. Code names it ("NoSuchCheckpoint").
type Error struct {
	Code, Message string
}

func (e *Error) Error() string { return "cloche: " + e.Message }

// Environment is what a server and a branch have in common. Any goroutine may use it.
type Environment struct {
	Endpoint string // "http://127.0.0.1:4566"
}

// Cloche is a server.
type Cloche struct {
	Environment
	process *exec.Cmd
	data    string
}

// TestBranch is an environment of its own that began with a server's state.
type TestBranch struct {
	Environment
	Name string
}

// Config is for any client of the AWS SDK v2: endpoint, region, credentials.
func (e *Environment) Config() aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(e.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// Ask sends a request to Cloche's own paths (/_cloche/...) and reads the answer's JSON into answer, which may be nil.
func (e *Environment) Ask(method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, e.Endpoint+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("cloche: nothing answers at %s: %w", e.Endpoint, err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return err
	}
	if got.StatusCode >= 400 {
		told := struct{ Error, Code string }{Error: string(text)}
		_ = json.Unmarshal(text, &told) // What is no JSON is told as it is.
		return &Error{Code: told.Code, Message: told.Error}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func (e *Environment) Checkpoint(name string) error {
	return e.Ask("POST", "/_cloche/checkpoints", map[string]string{"name": name}, nil)
}

// Rewind goes back to a checkpoint, an lsn, a time or a duration ("5m"). Not at --durability memory.
func (e *Environment) Rewind(to string) error {
	return e.Ask("POST", "/_cloche/rewind", map[string]string{"to": to}, nil)
}

// Reset removes everything of all services.
func (e *Environment) Reset() error {
	return e.Ask("POST", "/_cloche/reset", map[string]string{}, nil)
}

// Load loads a fixture's folder; what is there already is refused.
func (e *Environment) Load(directory string) error { return e.run("fixture", "load", directory) }

func (e *Environment) Save(directory string) error { return e.run("fixture", "save", directory) }

func (e *Environment) run(arguments ...string) error {
	said, err := exec.Command(binary(), append(arguments, "--endpoint", e.Endpoint, "--json")...).CombinedOutput()
	if err != nil {
		return &Error{Message: fmt.Sprintf("%s (%v)", strings.TrimSpace(string(said)), err)}
	}
	return nil
}

func (e *Environment) clock(method string, body any) (time.Time, error) {
	var answer struct{ Now time.Time }
	err := e.Ask(method, "/_cloche/clock", body, &answer)
	return answer.Now, err
}

// Now is the time of its clock.
func (e *Environment) Now() (time.Time, error) { return e.clock("GET", nil) }

// FreezeClock lets the clock stand still where it is; this and the next two answer with the time that it is then.
func (e *Environment) FreezeClock(t testing.TB) time.Time {
	t.Helper()
	return must(t)(e.clock("POST", map[string]any{"action": "freeze"}))
}

func (e *Environment) SetClock(t testing.TB, to time.Time) time.Time {
	t.Helper()
	return must(t)(e.clock("POST", map[string]any{"action": "set", "to": to.UTC().Format(time.RFC3339Nano)}))
}

func (e *Environment) AdvanceClock(t testing.TB, by time.Duration) time.Time {
	t.Helper()
	if by%time.Second != 0 { // Durations are whole seconds there.
		return e.SetClock(t, must(t)(e.Now()).Add(by))
	}
	return must(t)(e.clock("POST", map[string]any{"action": "advance", "by": fmt.Sprintf("%ds", by/time.Second)}))
}

func must(t testing.TB) func(time.Time, error) time.Time {
	return func(at time.Time, err error) time.Time {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
}

// NewBranch makes a branch of the present state; Remove removes it.
func (c *Cloche) NewBranch() (*TestBranch, error) {
	var told struct{ Name, Endpoint string }
	if err := c.Ask("POST", "/_cloche/branches", map[string]string{}, &told); err != nil {
		return nil, err
	}
	return &TestBranch{Environment{told.Endpoint}, told.Name}, nil
}

func (c *Cloche) Remove(branch *TestBranch) error {
	return c.Ask("DELETE", "/_cloche/branches/"+branch.Name, nil, nil)
}

// Branch is NewBranch for one test, after which it is removed.
func (c *Cloche) Branch(t testing.TB) *TestBranch {
	t.Helper()
	branch, err := c.NewBranch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(branch); err != nil {
			t.Error(err)
		}
	})
	return branch
}

// Start starts a server for one test, after which it is stopped. Arguments are those of `cloche start`.
func Start(t testing.TB, arguments ...string) *Cloche {
	t.Helper()
	server, err := Run(arguments...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

var endpointLine = regexp.MustCompile(`endpoint\s+(http://\S+)`)

func binary() string {
	if given := os.Getenv("CLOCHE_BINARY"); given != "" {
		return given
	}
	return "cloche"
}

// Run starts a server on a free port and waits until it is ready. Stop stops it.
func Run(arguments ...string) (*Cloche, error) {
	data, err := os.MkdirTemp("", "cloche-")
	if err != nil {
		return nil, err
	}
	command := []string{"start", "--data", data, "--listen", "127.0.0.1:0", "--log", "warn", "--until-eof"}
	if !slices.Contains(arguments, "--durability") {
		command = append(command, "--durability", "memory")
	}
	process := exec.Command(binary(), append(command, arguments...)...)
	output, err := process.StdoutPipe()
	if err == nil {
		_, err = process.StdinPipe() // It ends with this process, however that ends, as its input does then.
	}
	if err == nil {
		process.Stderr = process.Stdout
		err = process.Start()
	}
	if err != nil {
		os.RemoveAll(data)
		return nil, fmt.Errorf("cloche can't be started (%w); put it on the PATH, name it with CLOCHE_BINARY, or join one with CLOCHE_ENDPOINT", err)
	}
	server := &Cloche{process: process, data: data}
	lines, said := bufio.NewScanner(output), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if found := endpointLine.FindStringSubmatch(lines.Text()); found != nil && server.Endpoint == "" {
			server.Endpoint = found[1]
		}
		if lines.Text() == "Ready." {
			go func() { _, _ = io.Copy(io.Discard, output) }() // It would stand still with the pipe full.
			return server, nil
		}
	}
	_ = process.Wait()
	os.RemoveAll(data)
	return nil, &Error{Message: "cloche did not start:\n" + said}
}

// Join is a server that runs; Stop leaves it alone.
func Join(endpoint string) (*Cloche, error) {
	server := &Cloche{Environment: Environment{strings.TrimSuffix(endpoint, "/")}}
	return server, server.Ask("GET", "/_cloche/health", nil, nil)
}

// Stop ends a server that was started here.
func (c *Cloche) Stop() error {
	if c.process == nil {
		return nil
	}
	process := c.process
	c.process = nil
	defer os.RemoveAll(c.data)
	if err := process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.AfterFunc(20*time.Second, func() { _ = process.Process.Kill() })
	defer late.Stop()
	return process.Wait()
}

var shared struct {
	sync.Mutex
	server *Cloche
}

// Shared is the server of this test binary: the one at CLOCHE_ENDPOINT, or one that Main started. It wants Main, since nothing else ends
// with the last test, and a server must not outlive them.
func Shared(t testing.TB) *Cloche {
	t.Helper()
	shared.Lock()
	server := shared.server
	shared.Unlock()
	if server == nil {
		t.Fatal("clochetest: write `func TestMain(m *testing.M) { os.Exit(clochetest.Main(m, nil)) }`, or use Start(t)")
	}
	return server
}

func startShared() (*Cloche, error) {
	shared.Lock()
	defer shared.Unlock()
	start := Run
	if given := os.Getenv("CLOCHE_ENDPOINT"); given != "" {
		start = func(...string) (*Cloche, error) { return Join(given) }
	}
	server, err := start()
	if err == nil {
		shared.server = server
	}
	return shared.server, err
}

// Branch is a branch of the shared server for this test.
func Branch(t testing.TB) *TestBranch {
	t.Helper()
	return Shared(t).Branch(t)
}

// Main is for TestMain: prepares the shared server's state, runs the tests and ends the server. `prepare` may be nil.
func Main(m *testing.M, prepare func(*Cloche) error) int {
	server, err := startShared()
	if err == nil && prepare != nil {
		err = prepare(server)
	}
	status := 1
	if err == nil {
		status = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	if server != nil {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "cloche:", err)
			status = max(status, 1)
		}
	}
	return status
}
