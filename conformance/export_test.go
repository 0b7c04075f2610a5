package conformance

// What tests that know the checks look at inside the engine.
var (
	Enabling    = enabling
	FormerNames = formerNames
)

const (
	NeedDenial  = needDenial
	NeedAnswers = needAnswers
)
