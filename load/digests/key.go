package digests

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Key of the digests of a run, the same for all of its shards.
type Key [sha256.Size]byte

// NewKey makes a key of any text. Who knows the text can find out short codes from
// their digests by trying all.
func NewKey(text string) Key { return sha256.Sum256([]byte("dfcheck digests " + text)) }

// What a digest is of: equal texts of two kinds have different digests.
const (
	ofDeviceCode = "device code "
	ofUserCode   = "user code "
	ofToken      = "access token "
)

// digest of a secret: 64 bits, so that among ten million of a run two are equal by
// chance once in 400,000 runs.
func (k Key) digest(of, secret string) uint64 {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(of))
	mac.Write([]byte(secret))
	return binary.LittleEndian.Uint64(mac.Sum(nil))
}

// ID tells keys apart without telling them.
func (k Key) ID() string { return fmt.Sprintf("%016x", k.digest("id", "")) }
