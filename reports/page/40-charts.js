// Charts to look at closely, by uPlot: hover, zoom by dragging (double click ends it),
// lines that the legend switches off. The drawings stay, for paper and for no script.
(() => {
  if (typeof uPlot === "undefined") return;
  const sync = uPlot.sync("time");
  let made = [];
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const round = v => v == null ? "–" : Math.abs(v) >= 100 ? Math.round(v).toLocaleString("en") : String(+v.toPrecision(3));

  const quantile = { to: q => -Math.log10(1 - q), from: x => 1 - 10 ** -x };
  function xName(c, v) {
    if (c.kind === "quantile") return +(100 * quantile.from(v)).toFixed(3) + " %";
    if (c.kind !== "time") return round(v);
    const s = Math.round(v * 10) / 10, h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60);
    return h ? `${h}:${String(m).padStart(2, "0")} h` : m ? `${m}:${String(Math.floor(s % 60)).padStart(2, "0")} min` : s + " s";
  }

  // Values that stand on top of each other are drawn from the highest sum down.
  function stacked(c) {
    const sums = [];
    c.lines.forEach((line, i) => sums.push(line.values.map((v, j) => v == null ? null : v + (i ? sums[i - 1][j] : 0))));
    return sums.reverse();
  }

  function series(c) {
    const lines = c.stacked ? [...c.lines].reverse() : c.lines;
    return lines.map(line => ({
      label: line.name, stroke: () => colour(line.class), width: 1.75, spanGaps: c.stacked,
      fill: c.stacked ? () => colour(line.class) : undefined,
      paths: line.dots ? () => null : undefined, points: line.dots ? { show: true, size: 8, fill: () => colour(line.class) }
        : { show: false, size: 4, fill: () => colour(line.class), filter: (u, i) => alone(u.data[i]) },
      value: (u, v, at, i) => i == null ? "–" : round(line.values[i]) + (line.values[i] == null ? "" : c.unit ?? ""),
    }));
  }

  // alone are the values with none beside them, which no line goes through.
  function alone(values) {
    const out = [];
    values.forEach((v, i) => { if (v != null && values[i - 1] == null && values[i + 1] == null) out.push(i); });
    return out.length ? out : null;
  }

  // marks draws what was expected, and where stages began.
  function marks(c, u) {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = "alphabetic";
    const write = (text, x, y) => { // readable over lines
      ctx.save();
      ctx.setLineDash([]);
      [ctx.strokeStyle, ctx.lineWidth, ctx.lineJoin] = [colour("page"), 3 * ratio, "round"];
      ctx.strokeText(text, x, y);
      ctx.fillText(text, x, y);
      ctx.restore();
    };
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    for (const m of c.marks ?? []) {
      const y = u.valToPos(m.value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(m.missed ? "fail" : "warning");
      line(ctx, bbox.left, y, bbox.left + bbox.width, y);
      ctx.textAlign = "right";
      write(m.name, bbox.left + bbox.width, y - 4 * ratio);
    }
    ctx.textAlign = "left";
    ctx.strokeStyle = ctx.fillStyle = colour("soft");
    for (const e of c.edges ?? []) {
      const x = u.valToPos(e.at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      line(ctx, x, bbox.top, x, bbox.top + bbox.height);
      write(e.name, x + 3 * ratio, bbox.top + 10 * ratio);
    }
    ctx.restore();
  }

  function line(ctx, x1, y1, x2, y2) {
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
    ctx.stroke();
  }

  function band(c, u) {
    if (!c.high) return;
    const from = u.valToPos(c.low, "x", true), to = u.valToPos(c.high, "x", true);
    u.ctx.fillStyle = colour("window");
    u.ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
  }

  function options(c, width) {
    const axis = { stroke: () => colour("soft"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { stroke: () => colour("line"), width: 1 },
      font: "12px system-ui, sans-serif" };
    const highest = Math.max(...(c.marks ?? []).map(m => m.value), 0);
    return {
      width, height: 260, legend: { live: true }, cursor: { drag: { x: true, y: false }, sync: c.kind === "time" ? { key: sync.key } : undefined },
      scales: { x: { time: false, range: (u, low, top) => c.lines[0].dots ? [0, top * 1.05] : [low, top] }, y: c.log ? { distr: 3 } : { range: (u, low, top) => [Math.min(0, low ?? 0), Math.max(top ?? 1, highest) * 1.05 || 1] } },
      axes: [{ ...axis, values: (u, at) => at.map(v => xName(c, v)), space: 70, splits: c.kind === "quantile" ? u => ticks(u) : undefined },
        { ...axis, values: (u, at) => at.map(v => v == null ? "" : round(v) + (c.unit ?? "")), size: 76,
          splits: c.log ? u => powers(u.scales.y) : undefined, filter: (u, at) => at }],
      series: [{ label: c.kind === "time" ? "at" : c.kind === "quantile" ? "percentile" : "devices", value: (u, v) => v == null ? "–" : xName(c, v) }, ...series(c)],
      hooks: { drawClear: [u => band(c, u)], draw: [u => marks(c, u)] },
    };
  }

  function powers(y) {
    const out = [];
    for (let e = Math.ceil(Math.log10(y.min) - 1e-9); e <= Math.log10(y.max) + 1e-9; e++) out.push(10 ** e);
    return out;
  }

  const ticks = u => [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999].map(quantile.to).filter(v => v >= u.scales.x.min && v <= u.scales.x.max + 1e-9);

  // A chart that was there before keeps its zoom, and which lines are shown.
  function draw(c, figure, before) {
    const at = c.kind === "quantile" ? c.at.map(quantile.to) : c.at;
    const values = [at, ...(c.stacked ? stacked(c) : c.lines.map(l => l.values))];
    const kept = before && before.of.title === c.title && before.of.lines.length === c.lines.length;
    const u = new uPlot(options(c, figure.clientWidth), values);
    if (kept) {
      before.series.forEach((s, i) => { if (i && !s.show) u.setSeries(i, { show: false }); });
      const { min, max } = before.scales.x, all = before.data[0];
      if (min > all[0] || max < all[all.length - 1]) u.setScale("x", { min, max });
    }
    before?.destroy();
    u.of = c;
    u.root.setAttribute("aria-hidden", "true");
    figure.querySelector(".drawn").before(u.root);
    figure.classList.add("has-uplot");
    new ResizeObserver(() => figure.clientWidth && u.setSize({ width: figure.clientWidth, height: 260 })).observe(figure);
    return u;
  }

  page.setUp(() => {
    const data = document.getElementById("charts-data"), figures = [...document.querySelectorAll("figure.plot")];
    const charts = data ? JSON.parse(data.textContent) : [], before = made;
    made = charts.map((c, i) => draw(c, figures[i], before.find(u => u.of.title === c.title)));
    page.charts = made;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => made.forEach(u => u.redraw()));
})();
