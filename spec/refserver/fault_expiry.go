package refserver

var expiryFaults = []Fault{}
