"""Reads C++ just well enough for the rules: comments, texts, function bodies, test names."""

import re

# A raw text, a text, a character, a comment; a digit separator (1'000) is not a character.
_TOKEN = re.compile(
    r'R"(?P<tag>[^\s()\\]{0,16})\((?:.|\n)*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*(?:.|\n)*?\*/"
)


_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def _blank(match):
    token = match.group(0)
    if token[0] in "\"'":
        return token[0] + " " * (len(token) - 2) + token[-1]
    return re.sub(r"[^\n]", " ", token)


def blank_comments_and_texts(text):
    """The code with every comment and the inside of every text replaced by spaces; line breaks stay."""
    return _TOKEN.sub(_blank, text)


_CONTROL = re.compile(r"\b(if|for|while|switch|catch|do|else|try)\b[^;{}]*$")
_NOT_A_FUNCTION = re.compile(r"(typedef\s+)?(namespace|class|struct|enum|union|extern|concept)\b")
_TEMPLATE_OR_ACCESS = re.compile(r"^\s*((public|private|protected)\s*:|template\s*<[^{}]*?>\s*(?=[a-zA-Z]))")
# The head of a function: a parameter list, then qualifiers, a return type, member initialisers.
_FUNCTION_HEAD = re.compile(
    r"\)\s*((const|noexcept(\([^()]*\))?|override|final|mutable|&&?)\s*)*"
    r"(->[^;{}=]*|requires[^;{}]*)?(?P<initialisers>:[^:].*)?$",
    re.DOTALL,
)


def _parse_head(head):
    """What the text before a brace announces: (is a function, its name)."""
    head = _TEMPLATE_OR_ACCESS.sub("", head).strip()
    if _NOT_A_FUNCTION.match(head) or _CONTROL.search(head):
        return False, ""
    match = _FUNCTION_HEAD.search(head)
    if match is None:
        return False, ""
    # In `A() : b_{1} {` the first brace belongs to b_: the body follows a closing bracket.
    if match.group("initialisers") and head[-1] not in ")}":
        return False, ""
    before_parameters = head.split("(", 1)[0].split()
    return True, before_parameters[-1].lstrip("*&") if before_parameters else "function"


def find_functions(code):
    """(name, first line, last line) of every outermost function body; `code` has been blanked.

    A lambda belongs to the function around it. The heuristic sees brackets, not grammar.
    """
    # A macro's body may be unbalanced, so preprocessor lines are left out.
    code = _PREPROCESSOR.sub(_blank, code)
    functions, function, line = [], None, 1
    braces, brackets, head_start = [], 0, 0  # braces: does this one separate heads?
    for position, character in enumerate(code):
        if character == "\n":
            line += 1
        elif character in "()" and function is None:
            brackets += 1 if character == "(" else -1
        elif character == ";" and function is None:
            head_start = position + 1
        elif character == "{":
            head = code[head_start:position]
            is_function, name = _parse_head(head) if function is None and brackets == 0 else (False, "")
            if is_function:
                function = (name, line, len(braces))
            # Braces of an initialiser in a head or an argument list are part of that head.
            in_head = function is None and (brackets > 0 or re.search(r"\)\s*(noexcept\s*)?:[^:]", head))
            braces.append(not in_head)
            if not in_head:
                head_start = position + 1
        elif character == "}" and braces:
            separates = braces.pop()
            if function is not None and len(braces) == function[2]:
                functions.append((function[0], function[1], line))
                function = None
            if separates and function is None:
                head_start = position + 1
    return functions


_TEST_NAME = re.compile(r'\b(?:TEST_CASE|SCENARIO|TEST_CASE_TEMPLATE)\s*\(\s*((?:"(?:\\.|[^"\\\n])*"\s*)+)')


def find_test_names(text):
    """(name, line) of every doctest case."""
    names = []
    for match in _TEST_NAME.finditer(text):
        name = "".join(re.findall(r'"((?:\\.|[^"\\\n])*)"', match.group(1)))
        names.append((name, text.count("\n", 0, match.start()) + 1))
    return names


_TYPE = re.compile(r"(?:struct|class|enum class) (\w+)\b(?!.*;$)")
_CONSTANT = re.compile(r"\b(k_\w+)\s*(?:\{|=|\[)")
_FUNCTION = re.compile(r"[\w:][^=;{}]*[\s*&](\w+)\(([^()]*)\) (?:noexcept )?\{")


def find_unnamed(lines):
    """(name, line) of the types, constants and functions (with the types of their parameters) that unnamed
    namespaces hold, as far as their declaration is on one line."""
    names, is_inside = [], False
    for number, line in enumerate(lines, 1):
        if line.startswith("namespace {"):
            is_inside = True
        elif line == "} // namespace":
            is_inside = False
        elif is_inside and (match := _TYPE.match(line)):
            names.append((match.group(1), number))
        elif is_inside and line.startswith("const"):
            names += [(name, number) for name in _CONSTANT.findall(line)]
        elif is_inside and (match := _FUNCTION.match(line)):
            types = [re.sub(r"\s*\b\w+$", "", each).strip() for each in match.group(2).split(",")]
            names.append((f"{match.group(1)}({', '.join(types)})", number))
    return names
