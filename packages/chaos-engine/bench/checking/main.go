// The peer of the benchmark of the checker: reads histories (JSON, first argument), then for each line of its input, a list of their
// numbers, judges those with Porcupine and prints a digit for each: 1 linearizable, 0 not.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

type operation struct {
	F, Key, Value string
	Number, To    int
	Text          string
	Flag, Unknown bool
	Process       int
	Call, Return  int64
}

type history struct {
	Kind       string
	Operations []operation
}

var register = porcupine.Model{
	Init: func() interface{} { return -1 },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		value, op := state.(int), input.(operation)
		switch op.F {
		case "read":
			return op.Unknown || op.Number == value, value
		case "write":
			return true, op.Number
		default:
			matches := value == op.Number
			if !op.Unknown && matches != op.Flag {
				return false, value
			}
			if matches {
				return true, op.To
			}
			return true, value
		}
	},
}

var store = porcupine.Model{
	Init: func() interface{} { return "" },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		text, op := state.(string), input.(operation)
		switch op.F {
		case "get":
			return op.Unknown || op.Text == text, text
		case "put":
			return true, op.Value
		default:
			return true, text + op.Value
		}
	},
	Hash: func(state interface{}) uint64 {
		h := fnv.New64a()
		h.Write([]byte(state.(string)))
		return h.Sum64()
	},
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		at := map[string]int{}
		var parts [][]porcupine.Operation
		for _, one := range all {
			key := one.Input.(operation).Key
			if _, known := at[key]; !known {
				at[key] = len(parts)
				parts = append(parts, nil)
			}
			parts[at[key]] = append(parts[at[key]], one)
		}
		return parts
	},
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var histories []history
	if err := json.Unmarshal(text, &histories); err != nil {
		panic(err)
	}
	prepared := make([][]porcupine.Operation, len(histories))
	for at, one := range histories {
		for _, op := range one.Operations {
			prepared[at] = append(prepared[at], porcupine.Operation{
				ClientId: op.Process, Input: op, Output: nil, Call: op.Call, Return: op.Return,
			})
		}
	}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var verdicts strings.Builder
		for _, number := range strings.Fields(input.Text()) {
			at, _ := strconv.Atoi(number)
			model := register
			if histories[at].Kind == "store" {
				model = store
			}
			if porcupine.CheckOperations(model, prepared[at]) {
				verdicts.WriteByte('1')
			} else {
				verdicts.WriteByte('0')
			}
		}
		fmt.Println(verdicts.String())
	}
}
