package digests

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Schema names the form of a file: a line of JSON, then records of one size.
const Schema = "dfcheck/digests/v1"

// Header is the first line of a file.
type Header struct {
	Schema string `json:"schema"`
	Shard  int    `json:"shard"`
	Shards int    `json:"shards"`
	Key    string `json:"key"` // its ID
}

// Head is the beginning of the file of a shard.
func Head(shard, shards int, key Key) []byte {
	line, err := json.Marshal(Header{Schema, shard, shards, key.ID()})
	if err != nil {
		panic(err) // every member can be written
	}
	return append(line, '\n')
}

// record of a file: the codes of a flow and when they were alive, or a token.
type record struct {
	kind        byte
	a, b        uint64
	from, until uint32 // milliseconds of the run
}

const (
	flowRecord  = 'f'
	tokenRecord = 't'
	recordSize  = 25
)

func (x record) append(to []byte) []byte {
	to = append(to, x.kind)
	to = binary.LittleEndian.AppendUint64(to, x.a)
	to = binary.LittleEndian.AppendUint64(to, x.b)
	to = binary.LittleEndian.AppendUint32(to, x.from)
	return binary.LittleEndian.AppendUint32(to, x.until)
}

func parseRecord(b []byte) record {
	return record{b[0], binary.LittleEndian.Uint64(b[1:]), binary.LittleEndian.Uint64(b[9:]),
		binary.LittleEndian.Uint32(b[17:]), binary.LittleEndian.Uint32(b[21:])}
}

// Seen is a code or a token that a shard got.
type Seen struct {
	Digest      uint64
	Shard       int
	From, Until uint32 // milliseconds of the run; a token has no end
}

// Set is what the shards of a run got.
type Set struct{ DeviceCodes, UserCodes, Tokens []Seen }

// Read adds the file of a shard and returns its header. A last record that was not
// written whole is left out: its shard was killed. Its errors are those of a file of
// another form.
func (s *Set) Read(r io.Reader) (Header, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	line, err := in.ReadSlice('\n')
	var h Header
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		err = d.Decode(&h)
	}
	if err != nil || h.Schema != Schema {
		return h, errors.New("not a file of digests: its first line is no header of " + Schema)
	}
	var b [recordSize]byte
	for {
		if _, err := io.ReadFull(in, b[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return h, nil
		} else if err != nil {
			return h, err
		}
		x := parseRecord(b[:])
		switch x.kind {
		case flowRecord:
			s.DeviceCodes = append(s.DeviceCodes, Seen{x.a, h.Shard, x.from, x.until})
			s.UserCodes = append(s.UserCodes, Seen{x.b, h.Shard, x.from, x.until})
		case tokenRecord:
			s.Tokens = append(s.Tokens, Seen{x.a, h.Shard, x.from, 1<<32 - 1})
		default:
			return h, fmt.Errorf("a record of the unknown kind %q: the file is damaged", x.kind)
		}
	}
}
