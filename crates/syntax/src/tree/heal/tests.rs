//! A case is source and what is left in the tree's place of it, masked bytes shown as they were parsed.

use crate::{Language, Parse, Tree};

/// The masked pieces of `text`, which must be healed.
fn healed(text: &str, language: Language) -> Vec<String> {
    let tree = Tree::parse(text.into(), language);
    assert_eq!(tree.state(), Parse::Healed, "{text}\n{}", tree.root());
    assert!(!tree.root().has_error());
    assert_eq!(tree.text(tree.root()).trim(), text.trim());
    tree.masked().iter().map(|range| text[range.clone()].to_owned()).collect()
}

fn state(text: &str, language: Language) -> Parse {
    Tree::parse(text.into(), language).state()
}

#[test]
fn a_bare_ampersand_in_text_is_healed() {
    for language in [Language::Tsx, Language::JavaScript] {
        assert_eq!(healed("const a = <p>Fish & Chips &amp; R&D</p>;", language), ["&", "&"]);
        assert_eq!(healed("const a = <p>a && b {c && <b/>} & d</p>;", language), ["&", "&", "&"]);
        assert_eq!(healed("const a = <p>{b & c} & {d && e}</p>;", language), ["&"]);
    }
}

#[test]
fn a_bare_ampersand_in_an_attribute_is_healed() {
    assert_eq!(healed("const a = <a href=\"?a=1&b=2\" title={b && c}>d</a>;", Language::Tsx), ["&"]);
    assert_eq!(
        healed("const a = <p className='[&>svg]:a [&_p]:b' c=\"&d\" />;", Language::Tsx),
        ["&", "&", "&"]
    );
}

#[test]
fn a_property_named_like_a_modifier_is_healed() {
    assert_eq!(healed("interface Paper { abstract: string }", Language::TypeScript), ["a"]);
    assert_eq!(healed("class Paper { abstract = ''; accessor: number }", Language::TypeScript), ["a", "a"]);
}

#[test]
fn a_name_that_starts_like_an_operator_starts_a_line() {
    let fields = "interface Part {\n  label: string\n  in_stock: boolean\n  tags: string[] | null\n}";
    assert_eq!(healed(fields, Language::TypeScript), ["i"]);
    assert_eq!(healed("let a = b\nin_1 = a\n  in_2 = [a]", Language::Tsx), ["i", "i"]);
    assert_eq!(state("const a = b\n  in c\n", Language::TypeScript), Parse::Ok);
}

#[test]
fn using_is_a_name_too() {
    assert_eq!(
        healed("const using = 1; f(using); if (using) { a.using = using as b }", Language::TypeScript).len(),
        5
    );
}

#[test]
fn a_line_that_starts_with_a_bracket_after_a_function_is_a_statement() {
    assert_eq!(
        healed("const f = () => {\n}\n\n[...(a ? b : [])].forEach(f)\n", Language::JavaScript),
        ["\n"]
    );
}

#[test]
fn modifiers_that_the_grammar_does_not_know_are_blanked() {
    assert_eq!(healed("class A { static accessor x = 1 }", Language::TypeScript), ["accessor"]);
    assert_eq!(healed("interface A<in T, out U> { a: T; b: U }", Language::TypeScript), ["in", "out"]);
    assert_eq!(healed("export type * from 'x';", Language::TypeScript), ["type"]);
    assert_eq!(healed("let a: import('x').A<B>[];", Language::TypeScript), ["import('x')"]);
}

#[test]
fn a_typed_tag_is_healed_though_the_grammar_finds_no_error() {
    for text in
        ["const a = sql<Row>`select ${b}`;", "const a = await sql<{ id: string; n: () => void }[]>`select`;"]
    {
        let tree = Tree::parse(text.into(), Language::TypeScript);
        assert_eq!(tree.state(), Parse::Healed, "{text}");
        assert!(
            tree.root()
                .to_string()
                .contains("(call_expression function: (identifier) arguments: (template_string"),
            "{text}"
        );
    }
    assert_eq!(healed("const A = styled(Box)<Props>`a`;", Language::Tsx), ["<Props>"]);
    assert_eq!(state("const a = () =>`b`, c = <T,>(d: T) => `e`;", Language::Tsx), Parse::Ok);
}

#[test]
fn what_is_broken_stays_broken_and_offsets_stay_true() {
    for text in ["const a = {", "function (", "const a = <p>", "a b c", "}}}}", "const a = <p>{</p>;"] {
        let tree = Tree::parse(text.into(), Language::Tsx);
        assert_eq!(tree.state(), Parse::Broken, "{text}");
        assert_eq!(tree.source(), text);
    }
}

#[test]
fn javascript_with_types_is_read_as_typescript() {
    let tree = Tree::parse("const a: string = b as string;".into(), Language::JavaScript);
    assert_eq!((tree.state(), tree.language()), (Parse::Ok, Language::Tsx));
}

#[test]
fn odd_bytes_are_no_trouble() {
    assert_eq!(state("\u{feff}import a from 'b';\r\n", Language::TypeScript), Parse::Ok);
    assert_eq!(state("", Language::Tsx), Parse::Ok);
    for text in [
        "\0\0\0",
        "ä&ö<",
        "<p>&",
        "`",
        "sql<`",
        ">`",
        "a<b>`",
        "&",
        "<p>&ä</p>",
        "import('",
        "abstract",
        "\u{feff}",
    ] {
        for language in [Language::TypeScript, Language::Tsx, Language::JavaScript] {
            state(text, language);
        }
    }
}

#[test]
fn only_edits_far_from_an_error_are_sound() {
    let text =
        "function a() { const b = 1; }\nfunction c() { const d = ; const e = 2; f(g h); }\nconst i = 3;";
    let tree = Tree::parse(text.into(), Language::TypeScript);
    assert_eq!(tree.state(), Parse::Broken);
    let sound = |part: &str| {
        let at = text.find(part).unwrap();
        tree.sound(tree.node_at(at..at + part.len()).unwrap())
    };
    assert!(sound("1"));
    assert!(sound("2"));
    assert!(sound("3"));
    assert!(!sound("f(g h)"));
    assert!(!sound("g h"));
}

#[test]
fn an_awaited_call_with_types_is_awaited_as_a_whole() {
    for text in
        ["async () => await a.b<{ c?: D[] }>('x', { y: 1 });", "async () => (await a.b('x').c<D>()).e;"]
    {
        for language in [Language::TypeScript, Language::Tsx] {
            let tree = Tree::parse(text.into(), language);
            assert_eq!(tree.state(), Parse::Healed);
            assert!(!tree.root().to_string().contains("function: (await_expression"), "in {text}");
        }
    }
    assert_eq!(state("const a = useState<B>(0);", Language::TypeScript), Parse::Ok);
}
