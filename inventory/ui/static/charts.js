// Draws each figure.chart from its own table, so that what is seen is what is read without JavaScript.
"use strict";
(() => {
  const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function read(figure) {
    const names = [...figure.querySelectorAll("thead th")].map(cell => cell.textContent);
    const rows = [...figure.querySelectorAll("tbody tr")].map(row => [...row.cells].map((cell, column) => {
      const text = cell.textContent.trim();
      if (column === 0) return Date.parse(cell.querySelector("time").dateTime) / 1000;
      return text === "" ? null : Number(text);
    }));
    rows.sort((one, other) => one[0] - other[0]);
    return {names, columns: names.map((_, column) => rows.map(row => row[column]))};
  }

  const utc = seconds => new Date(seconds * 1000).toISOString();

  // Hours with their day, or days with their year, where these begin.
  function times(_, instants, __, ___, step) {
    const hour = text => text.slice(11, 16), day = text => text.slice(5, 10), year = text => text.slice(0, 4);
    const [written, above] = step < 86400 ? [hour, day] : [day, year], texts = instants.map(utc);
    return texts.map((text, index) => written(text) + (index && above(texts[index - 1]) === above(text) ? "" : "\n" + above(text)));
  }

  // Each series stands on those after it, which are drawn over it.
  const stack = columns => columns.map((column, index) => index === 0 ? column
    : column.map((_, row) => columns.slice(index).reduce((sum, each) => sum + (each[row] ?? 0), 0)));

  function draw(figure) {
    const {names, columns} = read(figure), {kind, unit} = figure.dataset, place = figure.querySelector(".plot");
    const stacked = kind === "stacked", bars = stacked || kind === "bars";
    if (columns[0].length < (bars ? 1 : 2)) return;
    const only = columns[0].length === 1 && columns[0][0];
    const heights = stacked ? stack(columns) : columns;
    const shown = value => value === undefined || value === null ? "–" : value.toLocaleString("en-US") + (unit ? " " + unit : "");
    const thin = {stroke: style("--line"), width: 1}, axis = {stroke: style("--quiet"), grid: thin, ticks: thin};
    const colour = index => {  // a level has a colour of its own
      const own = /^[a-z]+$/.test(names[index]) && style(`--series-${names[index]}`);
      return own || style(`--series-${(index - 1) % 6 + 1}`);
    };
    const instant = (_, at) => at === null ? "–" : utc(at).slice(0, 16).replace("T", " ");
    const options = {
      width: place.clientWidth || figure.clientWidth, height: 220,
      tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      series: names.map((name, index) => index === 0 ? {label: "UTC", value: instant} : {
        label: name, stroke: colour(index), width: bars ? 0 : 2, spanGaps: true,
        value: (_, __, series, row) => shown(columns[series][row]),  // of its own, not of what it stands on
        ...(bars ? {paths: uPlot.paths.bars({size: [0.7, 40]}), fill: colour(index), points: {show: false}} : {}),
      }),
      axes: [{...axis, values: times}, {...axis, size: 60}],
      scales: {
        ...(only ? {x: {range: () => [only - 3600, only + 3600]}} : {}),
        y: {range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1)]},
      },
      cursor: {drag: {x: false, y: false}},
    };
    place.replaceChildren();
    const plot = new uPlot(options, heights, place);
    new ResizeObserver(() => plot.setSize({width: place.clientWidth, height: 220})).observe(figure);
  }

  const drawAll = () => document.querySelectorAll("figure.chart").forEach(figure => {
    figure.querySelector(".plot").replaceChildren();
    figure.querySelector(".plot").style.display = "block";
    draw(figure);
  });
  drawAll();
  document.addEventListener("htmx:afterSettle", drawAll);  // a chart may come later than its page
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
