//! The rules of `terraform fmt`, for machines without it.
//!
//! Written from HashiCorp's `hclwrite/format.go`, line by line instead of token by token: lines are indented by two spaces
//! for each line before that leaves brackets open; the equals signs of consecutive lines whose values leave none open are
//! below each other, one space after the longest name.

/// A line without what is in quotes and comments.
fn bare(line: &str) -> String {
    let mut bare = String::new();
    let mut letters = line.chars();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => {
                letters.next();
                bare.push_str("..");
            }
            '"' => {
                quoted = !quoted;
                bare.push('.');
            }
            '#' if !quoted => break,
            _ if quoted => bare.push('.'),
            _ => bare.push(letter),
        }
    }
    bare
}

fn net_brackets(bare: &str) -> i32 {
    let change = |letter| match letter {
        '{' | '[' | '(' => 1,
        '}' | ']' | ')' => -1,
        _ => 0,
    };
    bare.chars().map(change).sum()
}

/// Requires that `terraform fmt` would leave the text alone.
pub fn check(text: &str) {
    let mut open: Vec<i32> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for line in text.lines() {
        let bare = bare(line);
        let mut net = net_brackets(&bare);
        if net < 0 {
            while net < 0 {
                net += open.pop().expect("brackets that match");
            }
            assert_eq!(net, 0, "brackets that close together opened together: {line}");
        }
        let indent = line.len() - line.trim_start().len();
        assert!(line.is_empty() || indent == open.len() * 2, "indented by {indent}: {line}");
        assert_eq!(line.trim_end(), line, "spaces at the end");
        if net > 0 {
            open.push(net);
        }
        let is_assignment =
            bare.contains('=') && net_brackets(bare.split_once('=').map_or("", |(_, value)| value)) == 0;
        match is_assignment {
            true => run.push(line),
            false => check_run(&std::mem::take(&mut run)),
        }
        if bare.contains('=') && !is_assignment {
            check_run(&[line]);
        }
    }
    check_run(&run);
    assert!(open.is_empty() && text.ends_with('\n'));
}

fn check_run(run: &[&str]) {
    let place = |line: &&str| bare(line).find('=').expect("an assignment");
    let name = |line: &&str| line[..place(line)].trim_end().len();
    let longest = run.iter().map(name).max().unwrap_or_default();
    for line in run {
        assert_eq!(place(line), longest + 1, "{}", run.join("\n"));
        assert!(line[place(line)..].starts_with("= ") && !line[place(line)..].starts_with("=  "), "{line}");
    }
}

#[test]
fn what_is_not_formatted_is_found() {
    check("a   = 1\nbcd = \"x = {\"\n\nb = [\n  {\n    c = 1\n  },\n  2\n]\n");
    for wrong in ["a = 1\nbcd = 2\n", "a  = 1\n", "a = [\n1\n]\n", "a = {\n  b = 1\n  }\n", "a =  1\n", "a = 1 \n"] {
        assert!(std::panic::catch_unwind(|| check(wrong)).is_err(), "{wrong}");
    }
}
