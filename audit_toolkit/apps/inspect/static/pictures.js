// What an answer on house or water looks like, drawn beside its words; never in their place.

const WALLS = "M8 20 24 8 40 20M12 18v22h24V18M21 40V29h7v11";
const HOUSES = {
  A: WALLS,
  B: `${WALLS}M32 22l-2 4 2 3`,
  C: `${WALLS}M15 21l4 5-3 4 3 5M33 22l-4 5 4 4-3 6M30 13l5-1`,
  D: "M6 26 20 12l4 6M12 22v18h12l-3-7 4-5-4-5M28 40l6-12 6 12M26 22l8 2M31 17l7 4",
};
const GLASS = "M12 8h24l-3 32H15z";
const FULL = "M12.6 14h22.8L33 40H15z";
const HALF = "M13.6 25h20.8L33 40H15z";
const DROP = (x) => `M${x} 14c4 6 5 8 5 11a5 5 0 0 1-10 0c0-3 1-5 5-11z`;
const FEW = "M20 24h2M27 31h2";
const MANY = "M18 20h2M25 18h2M21 26h2M29 24h2M18 32h2M25 33h2M30 30h1";
const TAP = "M10 16h16v-5M20 11h12M26 16c6 0 8 2 8 8h-6c0-3-1-3-2-3H10zM31 29v3M31 36v3";
const PAIL = "M12 18h24l-4 22H16zM12 18c0-14 24-14 24 0";
// Lines and filled parts of each answer: how much, how clear, how near, how lasting.
const WATERS = {
  water_quantity: { met: [GLASS, FULL], "basically-met": [GLASS, HALF], "not-met": [GLASS] },
  water_quality: { met: [GLASS, FULL], "basically-met": [GLASS + FEW, FULL], "not-met": [GLASS + MANY, FULL] },
  water_convenience: { met: [TAP], "basically-met": [PAIL], "not-met": [`${PAIL}M4 44l4-2M12 44h6M22 44h6M32 44h6M42 44l3-2`] },
  water_reliability: {
    met: [DROP(10) + DROP(24) + DROP(38), DROP(10) + DROP(24) + DROP(38)],
    "basically-met": [DROP(10) + DROP(24) + DROP(38), DROP(10) + DROP(24)],
    "not-met": [DROP(10) + DROP(24) + DROP(38), DROP(10)],
  },
};

function drawing(lines, filled = "") {
  const holder = document.createElement("template");
  // Both paths are of this file.
  holder.innerHTML = `<svg class="drawing" viewBox="0 0 48 48" width="40" height="40" aria-hidden="true">
    <path class="filled" d="${filled}"/><path d="${lines}"/></svg>`;
  return holder.content.firstChild;
}

/** The picture of an answer, or nothing where there is none. */
function pictureOf(question, option) {
  if (question === "housing_grade" && option in HOUSES) return drawing(HOUSES[option]);
  const [lines, filled] = WATERS[question]?.[option] ?? [];
  return lines ? drawing(lines, filled) : null;
}
