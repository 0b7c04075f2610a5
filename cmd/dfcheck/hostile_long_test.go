//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/testdata/hostile"
)

// mostMemory is what a command may take, in bytes.
const mostMemory = 256 << 20

// TestHostileLong runs every command against every behaviour, each in a process of its
// own, and writes the table with -update. HOSTILE chooses behaviours, COMMAND commands.
func TestHostileLong(t *testing.T) {
	program := asDfcheck(t)
	table := readHostileTable(t)
	var mu sync.Mutex
	var running sync.WaitGroup
	few := make(chan struct{}, 12)
	for _, b := range hostile.All() {
		for _, c := range hostileCommands {
			if !chosen("HOSTILE", b.Name) || !chosen("COMMAND", c.name) {
				continue
			}
			running.Go(func() {
				few <- struct{}{}
				defer func() { <-few }()
				p := &process{program: program}
				e, err := c.meet(t, b, p.run)
				err = errors.Join(err, p.problem)
				t.Logf("%-40s %-18s exit %d  %5.1f s  %3d MiB", b.Name, c.name, e.code, e.took.Seconds(), p.peak>>20)
				mu.Lock()
				defer mu.Unlock()
				if got := fmt.Sprint(e.code); *update {
					table.set(b.Name, c.name, got)
				} else if want := table[b.Name][c.name]; !c.agrees(e, want) && err == nil {
					err = fmt.Errorf("exit code %s, and %s in the table of CONTRIBUTING.md", got, want)
				}
				if err != nil {
					t.Errorf("%s, %s: %v\n%s%s", b.Name, c.name, err, short(e.out), short(e.err))
				}
			})
		}
	}
	running.Wait()
	if *update {
		table.write(t)
	}
}

// chosen reports whether a variable of the environment names something, or nothing at
// all.
func chosen(variable, name string) bool {
	list := os.Getenv(variable)
	return list == "" || strings.Contains(","+list+",", ","+name+",")
}

// A process is a command that is watched.
type process struct {
	program string
	peak    int64 // bytes of memory
	problem error
}

func (p *process) run(ctx context.Context, s *hostile.Server, args []string) ending {
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return ending{err: err.Error()}
	}
	defer os.RemoveAll(dir)
	var out, said strings.Builder
	cmd := exec.Command(p.program, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &said, dir
	left := filepath.Join(dir, "tmp")
	if err := os.Mkdir(left, 0o777); err != nil {
		return ending{err: err.Error()}
	}
	// What is not on this machine goes to a proxy, the stranger, who notes it.
	cmd.Env = append(os.Environ(), "TMPDIR="+left, "HTTP_PROXY="+s.Stranger, "HTTPS_PROXY="+s.Stranger,
		"http_proxy="+s.Stranger)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return ending{err: err.Error()}
	}
	stop := context.AfterFunc(ctx, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop()
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { p.watch(cmd.Process.Pid, done) })
	cmd.Wait() // its exit code tells
	close(done)
	watching.Wait()
	e := ending{cmd.ProcessState.ExitCode(), out.String(), said.String(), time.Since(began)}
	var problems []error
	if p.peak > mostMemory {
		problems = append(problems, fmt.Errorf("%d MiB of memory", p.peak>>20))
	}
	if files, _ := os.ReadDir(left); len(files) > 0 {
		problems = append(problems, fmt.Errorf("it left %s behind", files[0].Name()))
	}
	if syscall.Kill(-cmd.Process.Pid, 0) == nil {
		time.Sleep(time.Second) // what is ending
		if alive := group(cmd.Process.Pid); alive != "" {
			problems = append(problems, fmt.Errorf("it left a process behind: %s", alive))
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	p.problem = errors.Join(problems...)
	return e
}

// watch keeps the most memory that a process had.
func (p *process) watch(pid int, done <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(status)) {
			if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
				p.peak = max(p.peak, kilobytes<<10)
			}
		}
		select {
		case <-tick.C:
		case <-done:
			return
		}
	}
}

// group names a living process of a group.
func group(id int) string {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		text, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest) // state, parent, group
		if len(fields) > 2 && fields[2] == strconv.Itoa(id) && fields[0] != "Z" {
			return string(text[:min(len(text), 60)])
		}
	}
	return ""
}
