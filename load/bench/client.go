//go:build linux

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// poll is the body of a poll, for tools that send always the same.
const poll = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code" +
	"&device_code=9e3779b97f4a7c15000000000000000000000000001&client_id=dfcheck"

// server is a token server, alone on the second core.
type server struct {
	url     string
	targets string // for vegeta
	process *os.Process
	stop    func()
}

func (b *bench) serve(args ...string) (*server, error) {
	c := exec.Command(b.tools["taskset"], append([]string{"-c", "1", b.tools["tokenserver"]}, args...)...)
	c.Env, c.Stderr = append(os.Environ(), "GOMAXPROCS=1"), os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{process: c.Process, stop: func() { c.Process.Kill(); c.Wait() }}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the token server did not start: %w", err)
	}
	s.url = strings.TrimSpace(line)
	s.targets = b.file("targets", fmt.Sprintf("POST %s/api/v1/oauth/token\n"+
		"Content-Type: application/x-www-form-urlencoded\n@%s\n", s.url, b.file("body", poll)))
	return s, nil
}

// asked is how many requests the server has seen.
func (s *server) asked() (float64, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: trusting()}}
	resp, err := client.Get(s.url + "/stats")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for field := range strings.FieldsSeq(string(text)) {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, fmt.Errorf("not figures: %q", text)
		}
		sum += n
	}
	return sum, nil
}

// client is a tool at work, alone on the first core.
type client struct {
	*exec.Cmd
	server *server
	began  time.Time
	before float64
	log    *os.File
}

func (b *bench) start(s *server, tool string, args ...string) (*client, error) {
	before, err := s.asked()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(b.lab, tool+".out"))
	if err != nil {
		return nil, err
	}
	c := &client{Cmd: exec.Command(b.tools["taskset"], append([]string{"-c", "0", b.tools[tool]}, args...)...),
		server: s, before: before, log: log}
	c.Stdout, c.Stderr = log, log
	c.began = time.Now()
	return c, c.Start()
}

// wait is for the tool's end. dfcheck's exit code 1 is a verdict.
func (c *client) wait() error {
	defer c.log.Close()
	err := c.Wait()
	if err != nil && c.ProcessState.ExitCode() != 1 {
		return fmt.Errorf("%w, see %s", err, c.log.Name())
	}
	return nil
}

// sofar is the processor time in seconds that a running tool has taken, and the
// requests of the server.
func (c *client) sofar() (spent, asked float64, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, f := range fields[11:13] { // utime and stime, proc(5)
		ticks, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, 0, err
		}
		spent += ticks / 100
	}
	asked, err = c.server.asked()
	return spent, asked, err
}

func (c *client) peak() int64 { return c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024 }

// cost of a whole run of a tool.
type cost struct {
	requests, seconds, spent float64
}

func (c cost) perRequest() float64 { return c.spent / max(c.requests, 1) }

func (c cost) rate() float64 { return c.requests / c.seconds }

func (b *bench) run(s *server, tool string, args ...string) (cost, error) {
	c, err := b.start(s, tool, args...)
	if err != nil {
		return cost{}, err
	}
	if err := c.wait(); err != nil {
		return cost{}, err
	}
	out := cost{seconds: time.Since(c.began).Seconds(),
		spent: (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()}
	after, err := s.asked()
	out.requests = after - c.before
	return out, err
}

// trusting is for the figures of our own server alone.
func trusting() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
