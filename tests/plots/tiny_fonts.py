"""Fonts made for the tests."""


def make_font(path, characters, *, family="Tiny Test"):
    """Write a TrueType font of one box for all characters."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    boxes = {}
    for name, left, right in (("box", 80, 920), ("half", 40, 510)):
        pen = TTGlyphPen(None)
        pen.moveTo((left, 0))
        for spot in ((left, 800), (right, 800), (right, 0)):
            pen.lineTo(spot)
        pen.closePath()
        boxes[name] = pen.glyph()
    # As in real fonts, Latin characters are half as wide as Chinese ones.
    glyphs = [".notdef", "box", "half", "space"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    kinds = {sign: "space" if sign == " " else "half" if sign.isascii() else "box" for sign in sorted({*characters, " "} - {"\n"})}
    builder.setupCharacterMap({ord(sign): kind for sign, kind in kinds.items()})
    builder.setupGlyf({name: boxes.get(name) or TTGlyphPen(None).glyph() for name in glyphs})
    builder.setupHorizontalMetrics({name: (1000, 80) if name == "box" else (550, 40) for name in glyphs})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.save(path)
    return path
