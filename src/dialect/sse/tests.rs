use super::{EventStream, Frame};

/// The frames of a stream, and whether each stands where it is said to.
fn frames(stream: &str) -> Vec<String> {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut events, mut seen) = (EventStream::new(), Vec::new());
        let mut keep = |frame: Frame<'_>, at: u64| {
            let (kind, text) = match frame {
                Frame::Data(text) => ("", text),
                Frame::Plain(text) => ("plain ", text),
                Frame::Error(text) => ("error ", text),
                Frame::Foreign(text) => ("foreign ", text),
            };
            let text = String::from_utf8_lossy(text).into_owned();
            let first = text.split('\n').next().unwrap_or_default();
            assert!(stream[usize::try_from(at).unwrap()..].starts_with(first), "{text} at {at}");
            seen.push(format!("{kind}{text}"));
            Ok(())
        };
        for piece in pieces {
            events.push(piece, &mut keep).unwrap();
        }
        events.finish(&mut keep).unwrap();
        seen
    };
    let whole = read(&mut [stream.as_bytes()].into_iter());
    assert_eq!(read(&mut stream.as_bytes().chunks(1)), whole, "byte by byte");
    whole
}

#[test]
fn an_event_is_its_data_lines_joined() {
    assert_eq!(frames("data: a\ndata: b\n\ndata:c\n\n"), ["a\nb", "c"]);
}

#[test]
fn any_line_end_will_do() {
    assert_eq!(frames("data: a\r\ndata: b\r\n\r\ndata: c\rdata: d\r\r"), ["a\nb", "c\nd"]);
}

#[test]
fn comments_names_ids_and_signs_of_life_are_passed_over() {
    let stream = ": ping\n\nevent: delta\nid: 7\nretry: 10\ndata\ndata: a\n\n: ping\n\nevent: ping\ndata: {}\n\n:\n\n";
    assert_eq!(frames(stream), ["a"]);
}

#[test]
fn the_last_event_needs_no_blank_line() {
    assert_eq!(frames("data: a\n\ndata: b"), ["a", "b"]);
}

#[test]
fn json_that_stands_by_itself_ends_where_its_braces_do() {
    assert_eq!(frames("{\"error\":\"busy\"}\n"), ["plain {\"error\":\"busy\"}"]);
    assert_eq!(frames("{\"a\":\n \"}\\\"\"\n}\ndata: b\n\n"), ["plain {\"a\":\n \"}\\\"\"\n}", "b"]);
    assert_eq!(frames("{\"a\":1}\n{\"a\":2}\n"), ["plain {\"a\":1}", "plain {\"a\":2}"]);
    assert_eq!(frames("[\n{}]\n\n"), ["plain [\n{}]"]);
}

#[test]
fn json_that_is_never_closed_swallows_no_event() {
    assert_eq!(frames("{\"a\ndata: b\n\n"), ["plain {\"a", "b"]);
    assert_eq!(frames("{\"a\n\ndata: b\n\n"), ["plain {\"a", "b"]);
    assert_eq!(frames("{\"a"), ["plain {\"a"]);
}

#[test]
fn an_event_that_is_named_an_error_is_one_whatever_it_holds() {
    assert_eq!(frames("event: error\ndata: died\n\ndata: a\n\n"), ["error died", "a"]);
    assert_eq!(frames("event: error\n: died\n\n"), ["error died"]);
    assert_eq!(frames(": died\nevent:error\n\n"), ["error died"]);
    assert_eq!(frames("event: response.ERROR\ndata: {}\ndata: x\n\n"), ["error {}\nx"]);
    assert_eq!(frames("event: error\n\n"), ["error "]);
    assert_eq!(frames("data: a\n\nerror: {\"code\":500}\n\n"), ["a", "error {\"code\":500}"]);
    assert_eq!(frames("event: error\n{\"a\":1}\n\n"), ["error {\"a\":1}"]);
    assert_eq!(frames("event: EngineException\ndata: a"), ["error a"]);
}

#[test]
fn a_line_that_is_no_field_is_told() {
    assert_eq!(frames("upstream died\ndata: a\n\n<html>\n"), ["foreign upstream died", "a", "foreign <html>"]);
}
