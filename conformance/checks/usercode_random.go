package checks

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/traits"
)

// Bits of choice below which guessing user codes pays (ruling R17).
const (
	fewBits  = 19.5
	someBits = 29
)

func judgeCodeSpace(e *Evidence, j *Judgement) {
	codes := userCodes(e.Starts())
	if len(codes) < EnoughCodes {
		j.Inconclusive(fmt.Sprintf("too few user codes were seen: %d of the %d needed", len(codes), EnoughCodes))
		return
	}
	bits, _ := traits.ChoiceBits(traits.UsualLength(codes), 36)
	actual := fmt.Sprintf("about %.1f bits, estimated from %d codes", bits, len(codes))
	switch {
	case bits < fewBits:
		j.Fail(fmt.Sprintf("user codes with at least %d bits of randomness", someBits), actual)
	case bits < someBits:
		j.Warn(fmt.Sprintf("user codes with at least %d bits of randomness", someBits), actual)
	default:
		j.Saw(len(codes), "user code")
	}
}

// judgeCodeOrder looks at the codes of one row of starts: does the next follow
// from the last, or from the time?
func judgeCodeOrder(e *Evidence, j *Judgement) {
	var row []string
	if row = userCodes(e.Of(codeSample, "start")); len(row) > 0 {
		row = traits.UsualLength(row)
	}
	if len(row) < traits.InRow {
		j.Inconclusive(fmt.Sprintf("too few user codes came in a row: %d of the %d needed", len(row), traits.InRow))
		return
	}
	all := userCodes(e.Starts())
	values, size := numbers(row, all)
	xs := e.Of(codeSample, "start")[:2]
	if traits.Steady(row) {
		j.Fail("user codes in random order", fmt.Sprintf("%d in a row that rise or fall steadily", len(row)), xs...)
	}
	if n := equalSteps(values, size); n >= 0.3 {
		j.Fail("user codes that cannot be computed from each other",
			fmt.Sprintf("equal differences between %.0f %% of neighbouring codes", 100*n), xs...)
	}
	if r := correlation(values, size); math.Abs(r) > 0.8 {
		j.Fail("user codes that do not follow the time",
			fmt.Sprintf("a correlation of %.2f with the order in which they were issued", r), xs...)
	}
	judgePositions(j, traits.UsualLength(all))
	j.Saw(len(row), "user code")
}

// judgePositions looks for characters that never change, and for uneven ones.
func judgePositions(j *Judgement, codes []string) {
	if len(codes) >= EnoughCodes {
		_, changing := traits.ChoiceBits(codes, 36)
		fixed, prefix := len(codes[0])-len(changing), 0
		for prefix < len(codes[0]) && !slices.Contains(changing, prefix) {
			prefix++
		}
		switch {
		case fixed > prefix:
			j.Fail("every character of the user code to vary",
				fmt.Sprintf("%d characters inside the code that are the same in %d codes", fixed-prefix, len(codes)))
		case fixed > 0:
			j.Warn("every character of the user code to vary",
				fmt.Sprintf("%d codes that all begin with %q", len(codes), codes[0][:prefix]))
		}
	}
	for i := range len(codes[0]) {
		if p := evenness(codes, i); p < 1e-6 {
			j.Warn("every character of the user code to be equally likely",
				fmt.Sprintf("an uneven distribution of character %d (chi-square, p = %.0e)", i+1, p))
		}
	}
}

// numbers reads codes as numbers in the alphabet that all codes show, in the
// order of their bytes; size is how many such numbers there are.
func numbers(row, all []string) (values []*big.Int, size *big.Int) {
	used := []byte(strings.Join(all, ""))
	slices.Sort(used)
	used = slices.Compact(used)
	base := big.NewInt(int64(len(used)))
	size = new(big.Int).Exp(base, big.NewInt(int64(len(row[0]))), nil)
	for _, c := range row {
		v := new(big.Int)
		for k := range len(c) {
			v.Mul(v, base).Add(v, big.NewInt(int64(slices.Index(used, c[k]))))
		}
		values = append(values, v)
	}
	return values, size
}

// equalSteps is the share of the most frequent difference between one number
// and the next, counted round the end of the number space.
func equalSteps(values []*big.Int, size *big.Int) float64 {
	count, most := map[string]int{}, 0
	for i := range len(values) - 1 {
		d := new(big.Int).Sub(values[i+1], values[i])
		key := d.Mod(d, size).String()
		count[key]++
		most = max(most, count[key])
	}
	return float64(most) / float64(len(values)-1)
}

// correlation of numbers with their place in the row (Pearson), -1 to 1.
func correlation(values []*big.Int, size *big.Int) float64 {
	var sx, sy, sxx, syy, sxy float64
	whole := new(big.Float).SetInt(size)
	for i, v := range values {
		y, _ := new(big.Float).Quo(new(big.Float).SetInt(v), whole).Float64()
		x := float64(i)
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	n := float64(len(values))
	d := math.Sqrt((n*sxx - sx*sx) * (n*syy - sy*sy))
	if d == 0 {
		return 0
	}
	return (n*sxy - sx*sy) / d
}

// evenness is the probability that characters drawn evenly from those seen at a
// position differ as much as they do: chi-square, by the approximation of Wilson
// and Hilferty. It is 1 where there are too few codes to tell.
func evenness(codes []string, position int) float64 {
	count := map[byte]int{}
	for _, c := range codes {
		count[c[position]]++
	}
	expected := float64(len(codes)) / float64(len(count))
	if expected < 3 || len(count) < 2 {
		return 1
	}
	chi := 0.0
	for _, n := range count {
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	k := float64(len(count) - 1)
	z := (math.Cbrt(chi/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
	return math.Erfc(z/math.Sqrt2) / 2
}
