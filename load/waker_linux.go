package load

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// timerfd sleeps in the network poller on a timer of the kernel, which is
// punctual to some hundredths of a millisecond.
type timerfd struct {
	fd   int
	file *os.File
	buf  [8]byte
}

func newWaker() waker {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return newTimerWaker()
	}
	return &timerfd{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
}

func (w *timerfd) arm(in time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(in), 1))} // 0 would disarm it
	_ = unix.TimerfdSettime(w.fd, 0, &spec, nil)                           // it fails only for what cannot be here
}

func (w *timerfd) sleep() { _, _ = w.file.Read(w.buf[:]) }
func (w *timerfd) close() { w.file.Close() }
