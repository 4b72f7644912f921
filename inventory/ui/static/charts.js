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

  function draw(figure) {
    const {names, columns} = read(figure), place = figure.querySelector(".plot"), unit = figure.dataset.unit;
    if (columns[0].length < 2) return;
    const bars = figure.dataset.kind === "bars";
    const axis = {stroke: style("--quiet"), grid: {stroke: style("--line"), width: 1}, ticks: {stroke: style("--line"), width: 1}};
    const options = {
      width: place.clientWidth || figure.clientWidth, height: 220, tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      series: names.map((name, index) => index === 0 ? {label: "UTC"} : {
        label: name, stroke: style(`--series-${(index - 1) % 6 + 1}`), width: 2, spanGaps: true,
        value: (_, figure) => figure === null ? "–" : figure.toLocaleString("en-US") + (unit ? " " + unit : ""),
        ...(bars ? {paths: uPlot.paths.bars({size: [0.7, 40]}), fill: style(`--series-${(index - 1) % 6 + 1}`), points: {show: false}} : {}),
      }),
      axes: [axis, {...axis, size: 60}], scales: {y: {range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1)]}},
      cursor: {drag: {x: false, y: false}},
    };
    place.replaceChildren();
    const plot = new uPlot(options, columns, place);
    new ResizeObserver(() => plot.setSize({width: place.clientWidth, height: 220})).observe(figure);
  }

  const drawAll = () => document.querySelectorAll("figure.chart").forEach(figure => {
    figure.querySelector(".plot").replaceChildren();
    figure.querySelector(".plot").style.display = "block";
    draw(figure);
  });
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
