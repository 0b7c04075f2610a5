package traits

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// A Pool is what the secrets of one kind show together: facts that need the
// secrets side by side, measured when recording ends.
type Pool struct {
	Count    int     `json:"count"`
	Distinct int     `json:"distinct"`
	Bits     float64 `json:"bits"`  // estimated, see variety
	Fixed    int     `json:"fixed"` // positions that never change
	Length   int     `json:"length"`
	// Nearest is the smallest share of the changing positions in which two of
	// the secrets differ, 0 to 1.
	Nearest float64 `json:"nearest"`
	// Rising: those that were issued one after the other rise or fall steadily.
	Rising bool `json:"rising,omitempty"`
}

// PoolOf measures texts, and whether those that came in a row rise or fall.
func PoolOf(all, inOrder []string) Pool {
	p := Pool{Count: len(all), Rising: Steady(inOrder)}
	same := UsualLength(all)
	p.Length = len(same[0])
	var changing []int
	p.Bits, changing = ChoiceBits(same, 64)
	p.Fixed = p.Length - len(changing)
	distinct := slices.Compact(slices.Sorted(slices.Values(all)))
	p.Distinct = len(distinct)
	p.Nearest = nearest(UsualLength(distinct), changing)
	return p
}

// UsualLength keeps the texts of the most frequent length.
func UsualLength(codes []string) []string {
	count := map[int]int{}
	usual := 0
	for _, c := range codes {
		count[len(c)]++
		if n := count[len(c)]; n > count[usual] || n == count[usual] && len(c) < usual {
			usual = len(c)
		}
	}
	return slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return len(c) != usual })
}

// ChoiceBits estimates how many bits of choice are in texts of one length, as the
// sum over positions of the logarithm of the alphabet there, and tells which
// positions change at all. What was not seen of an alphabet is estimated by
// Chao's formula from the symbols that were seen once and twice; no alphabet is
// taken to be larger than the one of all positions together, or than most.
func ChoiceBits(codes []string, most int) (bits float64, changing []int) {
	together := map[byte]bool{}
	for _, c := range codes {
		for i := range len(c) {
			together[c[i]] = true
		}
	}
	for i := range len(codes[0]) {
		count := map[byte]int{}
		for _, c := range codes {
			count[c[i]]++
		}
		if len(count) < 2 {
			continue
		}
		changing = append(changing, i)
		once, twice := 0, 0
		for _, n := range count {
			switch n {
			case 1:
				once++
			case 2:
				twice++
			}
		}
		size := float64(len(count)) + float64(once*(once-1))/float64(2*(twice+1))
		bits += math.Log2(min(size, float64(len(together)), float64(most)))
	}
	return bits, changing
}

// nearest is the smallest share of the given positions in which two different
// texts differ.
func nearest(distinct []string, changing []int) float64 {
	least := 1.0
	for i, a := range distinct {
		for _, b := range distinct[:i] {
			n := 0
			for _, k := range changing {
				if a[k] != b[k] {
					n++
				}
			}
			least = min(least, float64(n)/float64(len(changing)))
		}
	}
	return least
}

// InRow is how many texts in steady order are no accident.
const InRow = 20

// Steady reports whether texts rise all the time, or fall all the time.
func Steady(codes []string) bool {
	if len(codes) < InRow {
		return false
	}
	rises, falls := true, true
	for i := range len(codes) - 1 {
		a, b := codes[i], codes[i+1]
		if len(a) != len(b) { // a counter without leading zeros
			rises, falls = rises && len(a) < len(b), falls && len(a) > len(b)
			continue
		}
		rises, falls = rises && a < b, falls && a > b
	}
	return rises || falls
}

// relation says how a user code follows from a device code: contained in it,
// or made from it. Empty when no relation is seen.
func relation(userCode, deviceCode string) string {
	code := spec.NormalUserCode(userCode)
	if code == "" {
		return ""
	}
	texts := []string{deviceCode}
	if raw, err := hex.DecodeString(deviceCode); err == nil {
		texts = append(texts, string(raw))
	}
	if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(deviceCode, "=")); err == nil {
		texts = append(texts, string(raw))
	}
	for _, t := range texts {
		if strings.Contains(spec.NormalUserCode(t), code) {
			return "is part of the device code"
		}
		if strings.Trim(code, "0123456789") == "" && isNumberOf(t, code) {
			return "is a number made of the device code's first bytes"
		}
	}
	m, s1, s2 := md5.Sum([]byte(deviceCode)), sha1.Sum([]byte(deviceCode)), sha256.Sum256([]byte(deviceCode))
	for _, sum := range [][]byte{m[:], s1[:], s2[:]} {
		for _, text := range []string{hex.EncodeToString(sum), base32.StdEncoding.EncodeToString(sum),
			base64.RawURLEncoding.EncodeToString(sum)} {
			if strings.HasPrefix(spec.NormalUserCode(text), code) {
				return "is the beginning of the device code's hash"
			}
		}
	}
	return ""
}

// isNumberOf reports whether a decimal code is the first 4 or 8 bytes of a text,
// or what is left of them when they are cut to the code's length.
func isNumberOf(text, code string) bool {
	if len(text) < 8 {
		return false
	}
	for _, n := range []uint64{uint64(binary.BigEndian.Uint32([]byte(text))), binary.BigEndian.Uint64([]byte(text))} {
		digits := strconv.FormatUint(n, 10)
		if len(code) >= 6 && (strings.HasPrefix(digits, code) || strings.HasSuffix(digits, code)) {
			return true
		}
	}
	return false
}
