package local

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/reports"
)

// process is one shard.
type process struct {
	cmd   *exec.Cmd
	ready string        // the file it makes
	lines chan string   // that it prints; closed at its end
	done  chan struct{} // closed when it has ended
	mu    sync.Mutex
	words []string // its last ones on standard error
}

// maxLine of a shard: its figures, with histograms of each group.
const maxLine = 16 << 20

// start a shard.
func (c *Crew) start(i int) (*process, error) {
	p := &process{ready: filepath.Join(c.Dir, "ready-"+strconv.Itoa(i)), lines: make(chan string),
		done: make(chan struct{})}
	args := slices.Concat([]string{"load", "--shard=" + strconv.Itoa(i) + "/" + strconv.Itoa(c.Shards),
		"--start-at=" + c.startFile(), "--ready=" + p.ready, "--flush=" + c.Flush.String(),
		"--report=json=" + c.Results() + "/"}, c.Args)
	if c.KeepGoing {
		args = append(args, "--keep-going")
	}
	p.cmd = exec.Command(c.Program, args...)
	apart(p.cmd)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.hear(said) })
	reading.Go(func() { p.read(out) })
	go func() {
		reading.Wait()
		_ = p.cmd.Wait() // the exit code says it
		close(p.done)
	}()
	return p, nil
}

// read hands out the lines on standard output.
func (p *process) read(out io.Reader) {
	defer close(p.lines)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		p.lines <- lines.Text()
	}
	io.Copy(io.Discard, out)
}

// keptWords are how many lines of standard error are kept.
const keptWords = 20

// hear keeps the last lines of standard error.
func (p *process) hear(said io.Reader) {
	for lines := bufio.NewScanner(said); lines.Scan(); {
		p.mu.Lock()
		p.words = append(p.words, lines.Text())
		p.words = p.words[max(len(p.words)-keptWords, 0):]
		p.mu.Unlock()
	}
	io.Copy(io.Discard, said)
}

// said is what the process said last of what went wrong.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, line := range p.words {
		if text, ok := strings.CutPrefix(line, "dfcheck: "); ok {
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}

func (p *process) lastWords() string {
	if said := p.said(); said != "" {
		return ": " + reports.Legible(said)
	}
	return ""
}

// over reports whether the process has ended.
func (p *process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// code is the exit code of a process that has ended, -1 when a signal ended it or it
// still runs.
func (p *process) code() int {
	if !p.over() {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// ask the process to end in order.
func (p *process) ask() error {
	if p.over() {
		return errGone
	}
	return interrupt(p.cmd.Process)
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }
