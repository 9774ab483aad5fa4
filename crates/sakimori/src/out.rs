//! Standard output that may fail: a closed pipe or a full disk is an error to handle and no reason to panic.

/// Prints like `print!`, and returns what went wrong.
macro_rules! out {
    ($($argument:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!($($argument)*))
    };
}

/// Prints like `println!`, and returns what went wrong.
macro_rules! outln {
    ($($argument:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{}\n", format_args!($($argument)*)))
    };
}
