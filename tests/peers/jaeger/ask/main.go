// A gRPC client that knows no message: each line of its input is one call as JSON, and so is each line
// of its output the answer.
//
//	{"at": "127.0.0.1:4317", "call": "/package.Service/Method", "request": "hex", "gzip": false}
//	{"code": 0, "message": "", "details": ["hex"], "responses": ["hex"]}
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

type call struct {
	At      string `json:"at"`
	Call    string `json:"call"`
	Request string `json:"request"`
	Gzip    bool   `json:"gzip"`
}

type answer struct {
	Code      uint32   `json:"code"`
	Message   string   `json:"message"`
	Details   []string `json:"details"`
	Responses []string `json:"responses"`
}

// raw hands bytes on as they are.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func ask(c call) (answer, error) {
	request, err := hex.DecodeString(c.Request)
	if err != nil {
		return answer{}, err
	}
	connection, err := grpc.NewClient("passthrough:///"+c.At, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	if err != nil {
		return answer{}, err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	options := []grpc.CallOption{grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(1 << 26)}
	if c.Gzip {
		options = append(options, grpc.UseCompressor(gzip.Name))
	}
	out := answer{Details: []string{}, Responses: []string{}}
	// A call with one answer is a stream of one.
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, c.Call, options...)
	if err == nil {
		err = stream.SendMsg(&request)
	}
	if err == nil || errors.Is(err, io.EOF) {
		_ = stream.CloseSend()
		for {
			var response []byte
			if err = stream.RecvMsg(&response); err != nil {
				break
			}
			out.Responses = append(out.Responses, hex.EncodeToString(response))
		}
	}
	if err != io.EOF {
		said := status.Convert(err)
		out.Code, out.Message = uint32(said.Code()), said.Message()
		for _, detail := range said.Proto().Details {
			bytes, err := proto.Marshal(detail)
			if err != nil {
				return answer{}, err
			}
			out.Details = append(out.Details, hex.EncodeToString(bytes))
		}
	}
	return out, nil
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		out, err := ask(c)
		if err != nil {
			return err
		}
		line, err := json.Marshal(out)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return lines.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
