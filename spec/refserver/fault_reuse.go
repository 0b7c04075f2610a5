package refserver

var reuseFaults = []Fault{}
