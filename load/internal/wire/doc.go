// Package wire sends rendered requests under vegeta's Attacker and reads their answers.
// It knows neither devices nor flows.
//
//   - template.go, forwarded.go: a request, rendered up to one value, and whom it is made for;
//   - transport.go, pool.go, conn.go: how a request is carried out, on which connection;
//   - slot.go, sendrecv_linux.go, rawio_linux.go, peerclosed_unix.go: bytes out and in;
//   - reply.go, outcome.go, decode_start.go, retryafter.go: what an answer says;
//   - errorkind.go, shortage.go: what it means that there is none;
//   - alarm.go, alarm_linux.go: a timer that is punctual, for who paces the requests.
//
// Times are nanoseconds of the clock that Config names.
package wire
