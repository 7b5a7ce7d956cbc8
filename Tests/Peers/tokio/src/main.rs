//! A peer that no one here wrote: tokio-util's `LengthDelimitedCodec`, with nothing added.
//!
//! usage: tokio-peer client PORT WIDTH COUNT    sends COUNT messages of many sizes, and compares what comes back
//!        tokio-peer server WIDTH               prints its port, and echoes until its standard input ends

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use std::error::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn framed(stream: TcpStream, width: usize) -> Framed<TcpStream, LengthDelimitedCodec> {
    let mut builder = LengthDelimitedCodec::builder();
    builder.length_field_length(width).max_frame_length(16 << 20).new_framed(stream)
}

/// The message of that number: its size covers none, a few bytes, and many segments.
fn message(number: usize, width: usize) -> Bytes {
    let largest = if width == 1 { 255 } else if width == 2 { 65_535 } else { 300_000 };
    let size = match number % 8 {
        0 => 0,
        1 => number % 256,
        2 => (number * 7919) % (largest + 1),
        3 if number % 64 == 3 => largest,
        _ => (number * 31) % 200,
    };
    (0..size).map(|at| (at * 7 + number) as u8).collect()
}

async fn client(port: u16, width: usize, count: usize) -> Outcome<()> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut sink, mut source) = framed(stream, width).split();
    let sending = async {
        for number in 0..count {
            sink.feed(message(number, width)).await?;
        }
        sink.flush().await?;
        Outcome::Ok(())
    };
    let receiving = async {
        for number in 0..count {
            let reply = source.next().await.ok_or(format!("the end came before reply {}", number))??;
            if reply != message(number, width) {
                return Err(format!("reply {} of {} bytes is not its message", number, reply.len()).into());
            }
        }
        Outcome::Ok(())
    };
    tokio::try_join!(sending, receiving)?;
    println!("{} messages echoed", count);
    Ok(())
}

async fn server(width: usize) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::task::spawn_local(async move {
            let (sink, source) = framed(stream, width).split();
            let _ = source.map(|message| message.map(|bytes| bytes.freeze())).forward(sink).await;
        });
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments[index].parse::<usize>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let tasks = tokio::task::LocalSet::new();
    if arguments[1] == "client" {
        return tasks.block_on(&runtime, client(number(2)? as u16, number(3)?, number(4)?));
    }
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    tasks.block_on(&runtime, server(number(2)?))
}
