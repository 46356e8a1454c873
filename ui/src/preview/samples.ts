/* Where samples lie in a pixel: spread evenly, as densely as the renderer's filter weighs. */

/** Blackman–Harris over ±1.5 pixels, as `filter_taps` in view.py. */
function weight(x: number): number {
  const phase = (2 * Math.PI * (x + 1.5)) / 3;
  return 0.35875 - 0.48829 * Math.cos(phase) + 0.14128 * Math.cos(2 * phase) - 0.01168 * Math.cos(3 * phase);
}

const STEPS = 1500;

const shares = (() => {
  const sums = new Float64Array(STEPS + 1);
  for (let i = 0; i < STEPS; i++) sums[i + 1] = sums[i] + weight(((i + 0.5) / STEPS) * 3 - 1.5);
  return sums.map((sum) => sum / sums[STEPS]);
})();

/** The place (-1.5 to 1.5) up to which a share of the filter lies. */
function quantile(share: number): number {
  let i = 1;
  while (i < STEPS && shares[i] < share) i++;
  const within = (share - shares[i - 1]) / (shares[i] - shares[i - 1]);
  return ((i - 1 + within) / STEPS) * 3 - 1.5;
}

/** The first `count` places in pixels, from the pixel's centre; any first few of them are spread, too. */
export function samplePlaces(count: number): [number, number][] {
  const side = Math.sqrt(count);
  if (!Number.isInteger(side)) throw new Error("the number of samples must be a square");
  const cells = Array.from({ length: count }, (_, i) => [i % side, Math.floor(i / side)] as const);
  const spread = (x: number, y: number) => bayer(x, y, side);
  return cells
    .sort((a, b) => spread(...a) - spread(...b))
    .map(([x, y]) => {
      // rows and columns lie apart, so that an upright edge crosses samples one by one
      const u = (x + (y + 0.5) / side) / side;
      const v = (y + (x + 0.5) / side) / side;
      return [quantile(u), quantile(v)];
    });
}

/** An order in which cells of a square are far from those before. */
function bayer(x: number, y: number, side: number): number {
  let rank = 0;
  for (let bit = 1, value = side * side; bit < side; bit <<= 1) {
    value /= 4;
    rank += value * [0, 2, 3, 1][((x & bit) !== 0 ? 1 : 0) + ((y & bit) !== 0 ? 2 : 0)];
  }
  return rank;
}
