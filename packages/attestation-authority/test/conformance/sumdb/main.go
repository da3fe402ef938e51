// Reads a log that an attestation authority wrote, with Go's implementation of signed notes and transparency logs
// (golang.org/x/mod/sumdb): the checkpoint by its vkey, every tile against its root, an inclusion proof of every entry, consistency
// with every smaller tree given, and tlog-proof files.
//
//	sumdb <log folder> <vkey> <proofs.json>
//
// proofs.json: { "proofs": [{ "text": tlog-proof, "entry": base64 }], "consistency": [{ "from": n, "checkpoint": note,
// "proof": [base64] }] }. Prints what was checked as one line of JSON; anything wrong is a line on standard error and exit code 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// C2SP paths are those of sumdb without the height: tile/8/0/x001/234.p/5 is tile/0/x001/234.p/5.
func c2spPath(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}

type folder string

func (f folder) Height() int                                { return tileHeight }
func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		bytes, err := f.readTile(tile)
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

// A partial tile may be gone when a fuller one has replaced it: its hashes are the first ones of that.
func (f folder) readTile(tile tlog.Tile) ([]byte, error) {
	bytes, err := os.ReadFile(filepath.Join(string(f), c2spPath(tile)))
	if err != nil && tile.W < 1<<tileHeight {
		full := tile
		full.W = 1 << tileHeight
		bytes, err = os.ReadFile(filepath.Join(string(f), c2spPath(full)))
		if err == nil {
			bytes = bytes[:tile.W*tlog.HashSize]
		}
	}
	return bytes, err
}

func (f folder) entries(size int64) ([][]byte, error) {
	var entries [][]byte
	for index := int64(0); index*256 < size; index++ {
		width := size - index*256
		if width > 256 {
			width = 256
		}
		path := "tile/entries/" + strings.TrimPrefix(c2spPath(tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}), "tile/0/")
		bytes, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		for len(bytes) > 0 {
			length := int(binary.BigEndian.Uint16(bytes))
			entries = append(entries, bytes[2:2+length])
			bytes = bytes[2+length:]
		}
	}
	if int64(len(entries)) != size {
		return nil, fmt.Errorf("%d entries in the bundles of a log of %d", len(entries), size)
	}
	return entries, nil
}

// The tree of a checkpoint that the key signed: origin, size, root.
func openCheckpoint(text string, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("the origin is %q", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var parsed []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, hash)
	}
	return parsed, nil
}

func checkProof(text string, entry []byte, verifier note.Verifier) error {
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	tree, err := openCheckpoint(checkpoint, verifier)
	if err != nil {
		return err
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("the first line is %q", lines[0])
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	path, err := hashes(lines[2:])
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

type given struct {
	Proofs []struct {
		Text  string
		Entry string
	}
	Consistency []struct {
		Checkpoint string
		Proof      []string
	}
}

func check(log folder, vkey string, proofsPath string) (map[string]int64, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	checkpoint, err := os.ReadFile(filepath.Join(string(log), "checkpoint"))
	if err != nil {
		return nil, err
	}
	tree, err := openCheckpoint(string(checkpoint), verifier)
	if err != nil {
		return nil, err
	}
	reader := tlog.TileHashReader(tree, log)
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil || root != tree.Hash {
		return nil, fmt.Errorf("the tiles lead to the root %v, %v", root, err)
	}
	entries, err := log.entries(tree.N)
	if err != nil {
		return nil, err
	}
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry))
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %v", index, err)
		}
	}
	var more given
	text, err := os.ReadFile(proofsPath)
	if err == nil {
		err = json.Unmarshal(text, &more)
	}
	if err != nil {
		return nil, err
	}
	for at, proof := range more.Proofs {
		entry, err := base64.StdEncoding.DecodeString(proof.Entry)
		if err == nil {
			err = checkProof(proof.Text, entry, verifier)
		}
		if err != nil {
			return nil, fmt.Errorf("proof %d: %v", at, err)
		}
	}
	for at, older := range more.Consistency {
		old, err := openCheckpoint(older.Checkpoint, verifier)
		if err != nil {
			return nil, err
		}
		path, err := hashes(older.Proof)
		if err == nil {
			err = tlog.CheckTree(path, tree.N, tree.Hash, old.N, old.Hash)
		}
		if err != nil {
			return nil, fmt.Errorf("consistency %d: %v", at, err)
		}
	}
	return map[string]int64{
		"size":        tree.N,
		"entries":     int64(len(entries)),
		"proofs":      int64(len(more.Proofs)),
		"consistency": int64(len(more.Consistency)),
	}, nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: sumdb <log folder> <vkey> <proofs.json>")
		os.Exit(2)
	}
	checked, err := check(folder(os.Args[1]), os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(checked)
}
