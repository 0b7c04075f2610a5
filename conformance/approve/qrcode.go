package approve

import (
	"strings"

	"rsc.io/qr"
)

// code draws a QR code with two modules a character; nothing when the text is
// too long for one.
func code(text string) string {
	if len(text) > 300 {
		return ""
	}
	q, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	const quiet = 2
	var b strings.Builder
	for y := -quiet; y < q.Size+quiet; y += 2 {
		b.WriteString("  ")
		for x := -quiet; x < q.Size+quiet; x++ {
			top, bottom := q.Black(x, y), q.Black(x, y+1)
			b.WriteString(map[[2]bool]string{{true, true}: " ", {false, false}: "█", {false, true}: "▀",
				{true, false}: "▄"}[[2]bool{top, bottom}])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
