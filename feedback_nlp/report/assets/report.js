// Charts and filters of the report. Everything a reader needs without them is in the page itself.
(function () {
  "use strict";

  var INK = "#1c2733", SOFT = "#56636f", LINE = "#dde3e9", BLUE = "#1f6fb2", RED = "#b4332b", BAND = "#cfe0ef";
  var FONT = getComputedStyle(document.body).fontFamily;
  var STROKE = "path://M0 4h14v2h-14z", DASHES = "path://M0 4h4v2h-4zM6 4h4v2h-4zM12 4h4v2h-4z";
  // Items listed before the reader asks for all.
  var FIRST = 10;
  // A chart this narrow needs two lines for a legend of many names.
  var NARROW = 520;
  // Width of a sheet of A4 between its margins, in CSS pixels.
  var SHEET = 700;

  function base(names) {
    return {
      animation: false,
      textStyle: { fontFamily: FONT, color: INK },
      // Plain text, never HTML: names come from customers.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, textStyle: { fontSize: 12.5 } },
      legend: { data: names, icon: "roundRect", top: 0, left: 0, itemWidth: 14, itemHeight: 9, itemGap: 12, textStyle: { fontSize: 12, color: SOFT } },
      grid: { left: 8, right: 10, top: 34, bottom: 4, containLabel: true }
    };
  }

  function category(labels, gap) {
    return {
      type: "category", data: labels, boundaryGap: gap,
      axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false },
      axisLabel: { color: SOFT, fontSize: 11.5, hideOverlap: true }
    };
  }

  function value(extra) {
    return Object.assign({
      type: "value", minInterval: 1, axisLabel: { color: SOFT, fontSize: 11.5 }, splitLine: { lineStyle: { color: "#eceff2" } }
    }, extra);
  }

  function curve(chart) {
    var names = chart.names, option = base([
      { name: names.observed, icon: STROKE }, { name: names.expected, icon: DASHES }, names.band, { name: names.alert, icon: "circle" }
    ]);
    var band = chart.high.map(function (high, day) { return high === null ? null : high - chart.low[day]; });
    var flat = { type: "line", symbol: "none", lineStyle: { opacity: 0 }, stack: "band", silent: true };
    option.tooltip.formatter = function (points) {
      var day = points[0].dataIndex, lines = [chart.labels[day], names.observed + " " + chart.observed[day]];
      if (chart.expected[day] !== null) {
        lines.push(names.expected + " " + chart.expected[day].toFixed(1));
        lines.push(names.band + " " + chart.low[day].toFixed(0) + " – " + chart.high[day].toFixed(0));
      }
      return lines.join("\n");
    };
    option.xAxis = category(chart.labels, false);
    option.yAxis = value({ splitNumber: 3 });
    option.grid.right = 16;
    option.series = [
      Object.assign({ name: "low", data: chart.low }, flat),
      Object.assign({ name: names.band, data: band, areaStyle: { color: BAND, opacity: 1 }, itemStyle: { color: BAND } }, flat),
      { name: names.expected, type: "line", data: chart.expected, symbol: "none", itemStyle: { color: SOFT }, lineStyle: { color: SOFT, width: 1, type: "dashed" } },
      { name: names.observed, type: "line", data: chart.observed, symbol: "none", itemStyle: { color: BLUE }, lineStyle: { color: BLUE, width: 2 } },
      {
        name: names.alert, type: "scatter", symbolSize: 8, itemStyle: { color: RED }, z: 5,
        data: chart.alerts.map(function (day) { return [day, chart.observed[day]]; })
      }
    ];
    return option;
  }

  function bars(chart, horizontal) {
    return chart.series.map(function (series) {
      return {
        name: series.name, type: "bar", stack: "all", data: series.values, itemStyle: { color: series.color },
        barMaxWidth: horizontal ? 18 : 34, barCategoryGap: horizontal ? "35%" : "18%"
      };
    });
  }

  function stack(chart) {
    var names = chart.series.map(function (series) { return series.name; });
    var option = base(chart.line ? names.concat({ name: chart.line.name, icon: STROKE }) : names);
    option.xAxis = category(chart.labels, true);
    option.yAxis = [value({})];
    option.series = bars(chart, false);
    if (chart.line) {
      option.yAxis.push(value({ min: -1, max: 1, interval: 0.5, minInterval: 0, splitLine: { show: false } }));
      option.series.push({
        name: chart.line.name, type: "line", yAxisIndex: 1, data: chart.line.values, connectNulls: true,
        symbol: chart.labels.length > 40 ? "none" : "circle", symbolSize: 5, itemStyle: { color: INK }, lineStyle: { color: INK, width: 1.6 }
      });
    }
    return option;
  }

  function split(chart) {
    var option = base(chart.series.map(function (series) { return series.name; }));
    var total = chart.labels.map(function (_, place) {
      return chart.series.reduce(function (sum, series) { return sum + series.values[place]; }, 0);
    });
    option.tooltip.axisPointer = { type: "shadow" };
    option.xAxis = value({ splitNumber: 3 });
    option.yAxis = Object.assign(category(chart.labels, true), { inverse: true });
    option.yAxis.axisLabel = { color: INK, fontSize: 12, width: 96, overflow: "truncate", interval: 0 };
    option.grid.right = 44;
    option.series = bars(chart, true);
    option.series[option.series.length - 1].label = {
      show: true, position: "right", color: SOFT, fontSize: 11.5,
      formatter: function (point) { return total[point.dataIndex].toLocaleString("en-US"); }
    };
    return option;
  }

  var MAKERS = { curve: curve, stack: stack, bars: split };

  function draw() {
    var drawn = [];
    JSON.parse(document.getElementById("data").textContent).forEach(function (chart) {
      var box = document.getElementById(chart.id);
      if (!box) return;
      if (chart.kind === "bars") box.style.height = 62 + 26 * chart.labels.length + "px";
      var view = echarts.init(box, null, { renderer: "svg" });
      view.setOption(MAKERS[chart.kind](chart));
      drawn.push({ box: box, view: view, height: view.getHeight(), names: view.getOption().legend[0].data.length });
    });
    return drawn;
  }

  function fit(drawn, width) {
    drawn.forEach(function (entry) {
      var columns = width && !entry.box.classList.contains("wide") ? 2 : 1;
      var room = width ? Math.floor((width - 20 * (columns - 1)) / columns) : "auto";
      // The height is given: on paper a box is as high as its drawing, and has none while that is measured.
      entry.view.resize({ width: room, height: entry.height });
      entry.view.setOption({ grid: { top: entry.names > 5 && entry.view.getWidth() < NARROW ? 56 : 34 } });
      var svg = entry.box.querySelector("svg");
      // With a view box a printed chart can be scaled to whatever width the sheet turns out to have.
      svg.setAttribute("viewBox", "0 0 " + entry.view.getWidth() + " " + entry.view.getHeight());
    });
  }

  function watch(drawn) {
    var waiting = 0;
    fit(drawn, 0);
    window.addEventListener("resize", function () {
      clearTimeout(waiting);
      waiting = setTimeout(function () { fit(drawn, 0); }, 120);
    });
    window.addEventListener("beforeprint", function () { fit(drawn, SHEET); });
    window.addEventListener("afterprint", function () { fit(drawn, 0); });
  }

  function filters() {
    var form = document.getElementById("filters");
    if (!form) return;
    var rows = Array.prototype.slice.call(document.querySelectorAll("#items tbody tr"));
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var shown = document.getElementById("shown"), more = document.getElementById("more"), all = rows.length <= FIRST;
    var fields = Array.prototype.slice.call(form.querySelectorAll("[data-field]"));

    function apply() {
      var left = 0, filtering = fields.some(function (field) { return field.value.trim() !== ""; });
      rows.forEach(function (row, number) {
        var keep = fields.every(function (field) {
          var wanted = field.value.trim();
          if (!wanted) return true;
          if (field.dataset.field === "text") return texts[number].indexOf(wanted.toLowerCase()) >= 0;
          return row.dataset[field.dataset.field] === field.value;
        });
        row.hidden = !keep || (!all && !filtering && number >= FIRST);
        left += !row.hidden;
      });
      shown.textContent = shown.dataset.template.replace("{shown}", left).replace("{all}", rows.length);
      document.getElementById("none").hidden = left > 0;
      more.hidden = all || filtering;
    }

    more.addEventListener("click", function () { all = true; apply(); });
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("reset", function () { setTimeout(apply, 0); });
    form.hidden = false;
    apply();
  }

  filters();
  watch(draw());
})();
