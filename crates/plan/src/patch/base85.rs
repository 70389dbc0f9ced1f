//! Git's base 85: 52 bytes a line, each line headed by a letter for its length (git's `base85.c`, `apply.c`).

const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// `bytes` as lines, each with its end.
pub(super) fn lines(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(52) {
        let length = line.len() as u8;
        text.push(char::from(if length <= 26 { b'A' + length - 1 } else { b'a' + length - 27 }));
        for four in line.chunks(4) {
            let mut value = 0u32;
            for at in 0..4 {
                value = value << 8 | u32::from(four.get(at).copied().unwrap_or(0));
            }
            let mut digits = ['0'; 5];
            for digit in digits.iter_mut().rev() {
                *digit = char::from(ALPHABET[(value % 85) as usize]);
                value /= 85;
            }
            text.extend(digits);
        }
        text.push('\n');
    }
    text
}
