// An MQTT broker on 127.0.0.1: the argument is its port. It lets everybody in, and with two more
// arguments only who has this user and this password.
package main

import (
	"log"
	"net"
	"os"
	"os/signal"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 && len(os.Args) != 4 {
		log.Fatal("usage: mqtt PORT [USER PASSWORD]")
	}
	server := mqtt.New(nil)
	var err error
	if len(os.Args) == 2 {
		err = server.AddHook(new(auth.AllowHook), nil)
	} else {
		rule := auth.AuthRule{
			Username: auth.RString(os.Args[2]),
			Password: auth.RString(os.Args[3]),
			Allow:    true,
		}
		err = server.AddHook(new(auth.Hook), &auth.Options{
			Ledger: &auth.Ledger{Auth: auth.AuthRules{rule}},
		})
	}
	if err != nil {
		log.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", os.Args[1])
	tcp := listeners.NewTCP(listeners.Config{ID: "tcp", Address: address})
	if err := server.AddListener(tcp); err != nil {
		log.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on tcp %s", tcp.Address())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
	_ = server.Close()
}
