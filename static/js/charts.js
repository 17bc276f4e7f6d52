// Draws every <canvas data-chart="bar|stacked|line|doughnut" data-source="ID"> from the JSON of
// the element with that id: {labels: [...], datasets: [{label, data, tone | tones}], unit}.
// Colours come from the theme, so a chart is drawn anew when the theme changes. The library named
// by the script's data-vendor is fetched when the first chart is there: most pages need none.
(() => {
  const { all } = window.dw;
  const { vendor } = document.currentScript.dataset;
  const drawn = new Map(); // canvas -> chart
  const style = () => getComputedStyle(document.documentElement);
  const colour = (name) => style().getPropertyValue(name).trim();
  const fill = (tone) => colour(`--dw-fill-${tone === "blue" ? "azure" : tone || "primary"}`);
  const ROTATION = ["primary", "yellow", "green", "azure", "violet", "orange", "red", "gray"];

  function setDefaults() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    Chart.defaults.font.family = style().getPropertyValue("--tblr-font-sans-serif");
    Chart.defaults.font.size = 11;
    Chart.defaults.color = colour("--dw-muted");
    Chart.defaults.animation = still ? false : { duration: 400 };
    Chart.defaults.maintainAspectRatio = false;
    Object.assign(Chart.defaults.plugins.tooltip, {
      backgroundColor: "#0b1220",
      padding: 10,
      cornerRadius: 8,
      boxPadding: 4,
      usePointStyle: true,
    });
  }

  // ---------- Datasets ----------

  const makers = {
    bar: (set, tone) => ({ ...set, backgroundColor: fill(tone), borderRadius: 3, maxBarThickness: 22 }),
    stacked: (set, tone) => ({ ...makers.bar(set, tone), stack: "all" }),
    line: (set, tone) => ({
      ...set,
      borderColor: fill(tone),
      backgroundColor: `color-mix(in srgb, ${fill(tone)} 12%, transparent)`,
      borderWidth: 2,
      fill: true,
      pointRadius: 0,
      pointHitRadius: 12,
      tension: 0.3,
    }),
    doughnut: (set) => ({
      ...set,
      backgroundColor: (set.tones ?? ROTATION).map(fill),
      borderColor: colour("--dw-surface"),
      borderWidth: 2,
    }),
  };

  // ---------- Options ----------

  function axes() {
    const grid = { color: colour("--dw-grid"), drawTicks: false };
    return {
      x: { grid: { display: false }, border: { color: colour("--dw-line") } },
      y: { grid, border: { display: false }, beginAtZero: true, ticks: { padding: 8, maxTicksLimit: 5, precision: 0 } },
    };
  }

  function optionsFor(kind, source) {
    if (kind === "doughnut") return { cutout: "72%", plugins: { legend: { display: false } } };
    const labels = { boxWidth: 8, boxHeight: 8, usePointStyle: true };
    const display = source.datasets.length > 1;
    return {
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { display, position: "top", align: "end", labels } },
      scales: axes(),
    };
  }

  function draw(canvas) {
    const text = document.getElementById(canvas.dataset.source)?.textContent;
    if (!text) return;
    const source = JSON.parse(text);
    const kind = canvas.dataset.chart;
    const datasets = source.datasets.map((set, i) => makers[kind](set, set.tone ?? ROTATION[i]));
    drawn.get(canvas)?.destroy();
    drawn.set(
      canvas,
      new Chart(canvas, {
        type: kind === "stacked" ? "bar" : kind,
        data: { labels: source.labels, datasets },
        options: optionsFor(kind, source),
      }),
    );
  }

  function forgetRemoved() {
    for (const [canvas, chart] of drawn) {
      if (canvas.isConnected) continue;
      chart.destroy();
      drawn.delete(canvas);
    }
  }

  let asked = false;

  function fetchLibrary() {
    if (asked || !vendor) return;
    asked = true;
    const script = document.createElement("script");
    script.src = vendor;
    script.onload = drawAll;
    document.head.append(script);
  }

  function drawAll() {
    if (!all("canvas[data-chart]").length) return;
    if (!window.Chart) return fetchLibrary();
    forgetRemoved();
    setDefaults();
    all("canvas[data-chart]").forEach(draw);
  }

  document.addEventListener("dw:theme", drawAll);
  document.addEventListener("htmx:after:swap", (event) => {
    if (all("canvas[data-chart]").some((canvas) => !drawn.has(canvas))) drawAll();
  });
  drawAll();
})();
