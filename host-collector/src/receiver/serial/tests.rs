use super::*;
use crate::receiver::testing::{Desk, Kept, encoded};

#[test]
fn a_port_is_read_as_it_is_written() {
    let port: Port = "/dev/ttyUSB0:9600".parse().unwrap();
    assert_eq!(port, Port { path: "/dev/ttyUSB0".into(), baud: 9600 });
    assert!("".parse::<Port>().is_err());
}

#[test]
fn what_is_not_there_is_an_error() {
    let error = SerialReceiver::open("/no/such/port".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::receiver::testing::receive;
    use serialport::{SerialPort as _, TTYPort};
    use std::process::Command;

    /// A terminal: the device's end, and the path of the other.
    fn terminal() -> (TTYPort, String) {
        let (mut device, other) = TTYPort::pair().unwrap();
        device.set_timeout(Duration::from_secs(20)).unwrap();
        let path = other.name().unwrap();
        (device, path)
    }

    #[test]
    fn a_port_that_somebody_has_is_told_from_one_that_is_not_there() {
        let (_device, path) = terminal();
        let _somebody = SerialReceiver::open(path.parse().unwrap()).unwrap();
        let error = SerialReceiver::open(path.parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
    }

    #[test]
    fn frames_text_and_replies_pass_a_terminal() {
        let (mut device, path) = terminal();
        let kept = Kept::default();
        let text = kept.clone();
        let receiver = SerialReceiver::open(path.parse().unwrap()).unwrap();
        let desk = Desk::start(|feed| receiver.start(feed, text).unwrap());
        device.write_all(b"\x1b[32mboot\r\n> \xff").unwrap();
        for number in 0..20 {
            let frame = vec![number; 1 + usize::from(number) * 13];
            device.write_all(&encoded(&frame)).unwrap();
            device.write_all(b"tick\r\n").unwrap();
            assert_eq!(receive(&mut device), frame);
        }
        let said = [&b"\x1b[32mboot\r\n> \xff"[..], &b"tick\r\n".repeat(20)].concat();
        desk.until(|_| kept.bytes() == said);
        desk.until(|seen| seen.sent_ns.len() == 20);
        let seen = desk.end();
        assert!(seen.frames.iter().all(|(peer, _)| *peer == Peer::Serial(path.as_str().into())));
        assert_eq!((seen.frames.len(), seen.sent_ns.len()), (20, 20));
    }

    #[test]
    fn a_port_that_vanishes_is_opened_again() {
        // As udev does it: a link to whatever it is called this time.
        let link = std::env::temp_dir().join(format!("spandrel-port-{}", std::process::id()));
        let _ = std::fs::remove_file(&link);
        let (mut device, path) = terminal();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let receiver = SerialReceiver::open(link.to_str().unwrap().parse().unwrap()).unwrap();
        let desk = Desk::start(|feed| receiver.start(feed, ()).unwrap());
        device.write_all(&encoded(b"before")).unwrap();
        assert_eq!(receive(&mut device), b"before");
        std::fs::remove_file(&link).unwrap();
        drop(device);
        desk.until(|seen| seen.closed.len() == 1);
        let (mut device, path) = terminal();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        // There is no other end until it is opened, and then nothing to read.
        device.set_timeout(TICK).unwrap();
        while let Err(error) = device.read(&mut [0])
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            thread::sleep(TICK);
        }
        device.set_timeout(Duration::from_secs(20)).unwrap();
        device.write_all(&encoded(b"behind")).unwrap();
        assert_eq!(receive(&mut device), b"behind");
        std::fs::remove_file(&link).unwrap();
        assert_eq!(desk.end().frames.len(), 2);
    }

    #[test]
    fn a_pipe_is_read_and_nothing_is_written_to_it() {
        let path = std::env::temp_dir().join(format!("spandrel-pipe-{}", std::process::id()));
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let receiver = SerialReceiver::open(path.to_str().unwrap().parse().unwrap()).unwrap();
        let kept = Kept::default();
        let text = kept.clone();
        let desk = Desk::start(|feed| receiver.start(feed, text).unwrap());
        // It does not end when a writer leaves.
        for number in 1..=3 {
            let mut device = OpenOptions::new().write(true).open(&path).unwrap();
            device.write_all(&encoded(&[number])).unwrap();
            device.write_all(b"text").unwrap();
            drop(device);
            desk.until(|seen| seen.frames.len() == usize::from(number));
        }
        desk.until(|_| kept.bytes() == b"texttexttext");
        std::fs::remove_file(&path).unwrap();
        let seen = desk.end();
        assert_eq!((seen.sent_ns.len(), seen.closed.len()), (0, 0));
    }
}
