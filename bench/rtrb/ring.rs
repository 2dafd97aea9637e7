// SPDX-License-Identifier: MIT
//
// rtrb behind the interface of ring-peer.h: pushed one at a time, read in
// place.
use rtrb::{Consumer, Producer, RingBuffer};
use std::cell::UnsafeCell;
use std::hint::spin_loop;

type Message = [u64; 8];

// Each side has lines of its own: the two threads share the buffer only.
#[repr(align(64))]
struct Side<T>(UnsafeCell<T>);

pub struct Ring {
    producer: Side<Producer<Message>>,
    consumer: Side<Consumer<Message>>,
}

unsafe fn producer<'a>(ring: *mut Ring) -> &'a mut Producer<Message> {
    &mut *(*ring).producer.0.get()
}

unsafe fn consumer<'a>(ring: *mut Ring) -> &'a mut Consumer<Message> {
    &mut *(*ring).consumer.0.get()
}

#[inline(always)]
fn message(n: u64) -> Message {
    [n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7]
}

#[inline(always)]
fn sum(m: &Message) -> u64 {
    m.iter().fold(0, |total, word| total.wrapping_add(*word))
}

#[no_mangle]
pub extern "C" fn bench_ring_open(capacity: u32) -> *mut Ring {
    let (p, c) = RingBuffer::new(capacity as usize);
    Box::into_raw(Box::new(Ring {
        producer: Side(UnsafeCell::new(p)),
        consumer: Side(UnsafeCell::new(c)),
    }))
}

#[no_mangle]
pub unsafe extern "C" fn bench_ring_produce(ring: *mut Ring, count: u64) {
    let p = producer(ring);
    for n in 0..count {
        while p.push(message(n)).is_err() {
            spin_loop();
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn bench_ring_consume(
    ring: *mut Ring,
    count: u64,
) -> u64 {
    let c = consumer(ring);
    let mut total = 0u64;
    for _ in 0..count {
        let chunk = loop {
            match c.read_chunk(1) {
                Ok(chunk) => break chunk,
                Err(_) => spin_loop(),
            }
        };
        total = total.wrapping_add(sum(&chunk.as_slices().0[0]));
        chunk.commit_all();
    }
    total
}

#[no_mangle]
pub unsafe extern "C" fn bench_ring_drain(ring: *mut Ring, count: u64) -> u64 {
    let c = consumer(ring);
    let (mut total, mut done) = (0u64, 0u64);
    while done < count {
        let n = c.slots();
        if n == 0 {
            spin_loop();
            continue;
        }
        let chunk = c.read_chunk(n).unwrap();
        let (first, second) = chunk.as_slices();
        for m in first {
            total = total.wrapping_add(sum(m));
        }
        for m in second {
            total = total.wrapping_add(sum(m));
        }
        chunk.commit_all();
        done += n as u64;
    }
    total
}

#[no_mangle]
pub unsafe extern "C" fn bench_ring_send(ring: *mut Ring, n: u64) {
    let p = producer(ring);
    while p.push(message(n)).is_err() {}
}

#[no_mangle]
pub unsafe extern "C" fn bench_ring_receive(ring: *mut Ring) -> u64 {
    let c = consumer(ring);
    loop {
        if let Ok(m) = c.peek() {
            let total = sum(m);
            let _ = c.pop();
            return total;
        }
    }
}
