package wire

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timerfd sleeps in the network poller on a timer of the kernel, which is
// punctual to some hundredths of a millisecond.
type timerfd struct {
	fd   int
	file *os.File
	rc   syscall.RawConn
	read func(fd uintptr) bool
}

// NewAlarm is the most punctual alarm that the system has.
func NewAlarm() Alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return NewTimerAlarm()
	}
	w := &timerfd{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
	if w.rc, err = w.file.SyscallConn(); err != nil {
		w.file.Close()
		return NewTimerAlarm()
	}
	expirations := make([]byte, 8)
	w.read = func(fd uintptr) bool {
		_, errno := rawIO(syscall.SYS_READ, fd, expirations)
		return errno != syscall.EAGAIN
	}
	return w
}

func (w *timerfd) Set(in time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(in), 1))} // 0 would disarm it
	_ = unix.TimerfdSettime(w.fd, 0, &spec, nil)                           // it fails only for what cannot be here
}

func (w *timerfd) Wait()  { _ = w.rc.Read(w.read) }
func (w *timerfd) Close() { w.file.Close() }
