use proptest::prelude::*;

use super::*;
use crate::artefact::pickle::{Carrier, examine, looks_like_pickle};
use crate::limits::Limits;

/// The codes that a pickle is found with, each without its family.
fn found(bytes: &[u8]) -> Vec<String> {
    found_within(bytes, &Limits::default())
}

fn found_within(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let mut report = Report::new(limits);
    examine(&bytes.to_vec(), Carrier::Plain, &mut report);
    report
        .finish(crate::recognise::UNKNOWN)
        .findings
        .iter()
        .map(|f| f.code.as_str().trim_start_matches("SKM-").to_owned())
        .collect()
}

#[test]
fn every_opcode_of_protocols_0_to_5_is_run() {
    // From CPython's pickletools: all opcodes, each after what it needs.
    let pickle: &[u8] = b"\x80\x05\x95\x03\0\0\0\0\0\0\0I1\nJ\x01\0\0\0K\x01M\x01\0L1L\n\x8a\x01\x01\x8b\x01\0\0\0\x01\
        S'a'\nT\x01\0\0\0aU\x01aB\x01\0\0\0aC\x01a\x8e\x01\0\0\0\0\0\0\0a\x96\x01\0\0\0\0\0\0\0a\x97\x98N\x88\x89\
        Va\n\x8c\x01aX\x01\0\0\0a\x8d\x01\0\0\0\0\0\0\0aF1.5\nG\0\0\0\0\0\0\0\0]Na(NNe0(l0)0(t0N\x85N\x86NN\x87\
        }NNs(NNu0(NNd0\x8f(N\x90(N\x910N20(N1p0\n0Nq\x01r\x02\0\0\0\x94g0\nh\x01j\x02\0\0\0\
        cbuiltins\nset\n)R}b0\x8c\x08builtins\x8c\x03set\x93)\x81(ibuiltins\nset\n(cbuiltins\nset\no\
        cbuiltins\nset\n)}\x92.";
    assert_eq!(found(pickle), [] as [&str; 0]);
}

#[test]
fn the_fence_of_a_mark_holds() {
    for under in
        [&b"N(0."[..], b"N(2.", b"N(a.", b"N(\x85.", b"NN(s.", b"N(q\x00.", b"N(.", b"(R.", b"t.", b"e.", b"1."]
    {
        let codes = found(under);
        // POP on a mark takes the mark.
        assert_eq!(codes.iter().any(|c| c == "OBS-0002"), under != b"N(0.", "{under:?} {codes:?}");
    }
}

#[test]
fn memoize_counts_the_slots_in_use_as_the_loader_does() {
    // Slot 7 is in use, so MEMOIZE takes slot 1: the name there is "os".
    let pickle = b"\x80\x04\x8c\x06systemq\x070\x8c\x02os\x940h\x01h\x07\x93\x8c\x01x\x85R.";
    assert_eq!(found(pickle), ["PKL-0001"]);
}

#[test]
fn sparse_memo_slots_take_no_room() {
    let mut pickle = b"\x80\x02".to_vec();
    for slot in 0..2000_u32 {
        pickle.extend(b"Nr");
        pickle.extend((slot * 2_000_000).to_le_bytes());
        pickle.push(b'0');
    }
    pickle.extend(b"j\x00\x00\x00\x00.");
    assert_eq!(found(&pickle), [] as [&str; 0]);
}

#[test]
fn limits_become_findings() {
    let limits =
        Limits { pickle_opcodes_max: 5000, pickle_stack_max: 2000, pickle_globals_max: 1, ..Limits::default() };
    let tall = [b"\x80\x02".as_slice(), &[b'N'; 5000], b"."].concat();
    assert_eq!(found_within(&tall, &limits), ["OBS-0003"], "the stack");
    let long = [b"\x80\x02".as_slice(), &b"N0".repeat(5000), b"N."].concat();
    assert_eq!(found_within(&long, &limits), ["OBS-0003"], "the opcodes");
    let many = b"\x80\x02cbuiltins\nset\ncbuiltins\nlist\n.";
    assert_eq!(found_within(many, &limits), ["OBS-0003"], "the globals");
    let few = Limits { pickle_streams_max: 2, ..Limits::default() };
    assert_eq!(found_within(b"I1\n.I2\n.I3\n.", &few), ["OBS-0003"], "the pickles");
    let kept = Limits { pickle_cells_max: 0, ..Limits::default() };
    assert_eq!(found_within(b"\x80\x02cos\nsystem\n(NtR.", &kept), ["PKL-0001"], "nothing kept");
    assert_eq!(found_within(b"\x80\x02ccollections\nCounter\n)R)R.", &kept), ["PKL-0005"], "nothing kept");
}

#[test]
fn self_reference_and_deep_nesting_end() {
    assert_eq!(found(b"\x80\x02]q\x00h\x00a."), [] as [&str; 0]);
    let deep = [b"\x80\x02N".as_slice(), &[0x85; 200_000], b"."].concat();
    assert_eq!(found(&deep), [] as [&str; 0]);
    let calls = [b"\x80\x02cexample\nf\n".as_slice(), &b"N\x85R".repeat(3), b"."].concat();
    assert!(found(&calls).contains(&"PKL-0005".to_owned()));
}

#[test]
fn nested_literals_end_at_the_depth_limit() {
    let mut inner = b"\x80\x04cos\nsystem\n)R.".to_vec();
    for _ in 0..40 {
        let mut outer = b"\x80\x04B".to_vec();
        outer.extend((inner.len() as u32).to_le_bytes());
        outer.extend(&inner);
        outer.push(b'.');
        inner = outer;
    }
    assert!(found(&inner).contains(&"OBS-0003".to_owned()));
}

#[test]
fn an_array_wrapper_that_is_built_twice_is_not_trusted() {
    let mut pickle = b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b}b".to_vec();
    pickle.extend(b"\0\0.");
    assert!(found(&pickle).contains(&"PKL-0011".to_owned()));
}

#[test]
fn integers_are_read_as_python_reads_them() {
    for (text, value) in [("10", 10), ("-1", -1), (" 1_0 ", 10), ("0x1F", 31), ("7L", 7), ("+2", 2), ("1\0x", 1)] {
        assert_eq!(parse_int(text.as_bytes()), Some(value), "{text}");
    }
    for text in ["", "-", "a", "--1", "1 2", "99999999999999999999"] {
        assert_eq!(parse_int(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn other_content_is_no_pickle() {
    let others: &[&[u8]] = &[
        b"",
        b".",
        b"{\"a\": 1}\n",
        b"[1, 2, 3]",
        b"<?xml version=\"1.0\"?>",
        b"From a@example.com Mon Jan  1 00:00:00 2024\nSubject: x\n",
        b"Subject: x\nFrom: a@example.com\n\nhello",
        b"Message-ID: <1@example.com>\n",
        b"To: a@example.com\n",
        b"X-Mailer: example\n\nbody",
        b"MIME-Version: 1.0\nContent-Type: text/plain\n",
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"GIF89a\x01\0\x01\0\x80\0\0",
        b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"MZ\x90\0\x03\0\0\0",
        b"\x7fELF\x02\x01\x01\0",
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"%PDF-1.7\n",
        b"\x93NUMPY\x01\0v\0{'descr': '<f8'",
        b"class Example:\n    pass\n",
        b"cat\ndog\npig\n",
        b"import os\nprint(1)\n",
        b"I am a text.\nReally.\n",
        b"Note: nothing\n",
        b"Very plain text\nwith lines\n",
        b"((((((((((((((((((((",
        b"ElfFile\0\x01\0\0\0\0",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0\0\x04",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"\xef\xbb\xbfname,value\n",
        b"name,value\n1,2\n",
        b"2024-01-01 00:00:00 INFO start\n",
        b"\x80\x02",
    ];
    for other in others {
        assert!(!looks_like_pickle(other), "{}", String::from_utf8_lossy(other));
    }
}

#[test]
fn starts_of_pickles_are_pickles() {
    let pickles: &[&[u8]] = &[
        b"\x80\x04\x95\x10\0\0\0\0\0\0\0]\x94",
        b"\x80\x02}q\x00.",
        b"cos\nsystem\n(S'x'\ntR.",
        b"cos\nsystem\n(S'x'\ntR",
        b"cbuiltins\nexec\n(X\xff\xff\xff\x7f",
        b"(dp0\nS'a'\np1\nI1\ns.",
        b"(lp0\nI1\naI2\na.",
        b"]q\x00(K\x01K\x02e.",
        b"(S'x'\nios\nsystem\n.",
        b"I1\n0cos\nsystem\n)R.",
        b"\x80\x04\x80\x09cos\nsystem\n)R.",
    ];
    for pickle in pickles {
        assert!(looks_like_pickle(pickle), "{}", String::from_utf8_lossy(pickle));
    }
}

/// Opcodes with what stands behind them, so that random streams get far.
fn opcode() -> impl Strategy<Value = Vec<u8>> {
    let plain = proptest::sample::select(
        b"(.012NQRab)]}delostu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98".to_vec(),
    );
    prop_oneof![
        8 => plain.prop_map(|code| vec![code]),
        2 => any::<u8>().prop_map(|n| vec![b'K', n]),
        2 => (0_u8..4).prop_map(|n| vec![b'h', n]),
        2 => (0_u8..4).prop_map(|n| vec![b'q', n]),
        1 => Just(b"cos\nsystem\n".to_vec()),
        1 => Just(b"cbuiltins\ngetattr\n".to_vec()),
        1 => Just(b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n".to_vec()),
        1 => Just(b"cnumpy\ndtype\n".to_vec()),
        1 => Just(b"ctorch.storage\n_load_from_bytes\n".to_vec()),
        1 => Just(b"\x8c\x02os".to_vec()),
        1 => Just(b"C\x0e\x80\x04cos\nsystem\n.".to_vec()),
        1 => Just(b"X\x05\0\0\0shape".to_vec()),
        1 => Just(b"V\\u006fs\n".to_vec()),
        1 => Just(b"I5\n".to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = looks_like_pickle(&bytes);
        let codes = found(&bytes);
        let ends = bytes.contains(&b'.');
        prop_assert!(ends || !codes.is_empty(), "without STOP it is not clean");
    }

    #[test]
    fn streams_of_opcodes_end(codes in proptest::collection::vec(opcode(), 0..120)) {
        let bytes = codes.concat();
        let _ = looks_like_pickle(&bytes);
        let _ = found(&bytes);
    }

    #[test]
    fn a_truncated_pickle_is_never_clean(cut in 0_usize..34) {
        let whole = b"\x80\x04}(\x8c\x01a]K\x01a\x8c\x01b\x8c\x05valueG\0\0\0\0\0\0\0\0Nu.";
        let cut = cut.min(whole.len() - 1);
        prop_assert_eq!(found(&whole[..cut]), ["OBS-0002"]);
    }

    #[test]
    fn a_call_is_found_wherever_it_stands(before in proptest::collection::vec(any::<u8>(), 0..40), flip in 0_usize..40) {
        // Values in front of a call, one byte of them changed: found, or the stream ended before.
        let mut bytes = b"\x80\x04".to_vec();
        for n in &before {
            bytes.extend([b'K', *n, b'0']);
        }
        if let Some(byte) = bytes.get_mut(2 + flip) {
            *byte ^= 1;
        }
        bytes.extend(b"cos\nsystem\n\x8c\x01x\x85R.");
        prop_assert!(!found(&bytes).is_empty());
    }
}
