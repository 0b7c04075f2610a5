package refserver

var userCodeFaults = []Fault{}
