// Draws the timeline with ECharts, in the colours of the page. All text is drawn on a canvas, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById('timeline-data').textContent);
  const place = document.getElementById('timeline');
  openTarget();
  window.addEventListener('hashchange', openTarget);
  if (place === null || data.rows.length === 0) return;

  const palette = ['#4a7fd6', '#d9823b', '#3f9f7f', '#c2588f', '#8a6fd1', '#b59a2c', '#5aa7c4', '#cf5b4c'];
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const rowsInView = Math.min(data.rows.length, 32);
  place.style.height = `${rowsInView * 24 + 130}px`;
  const chart = window.echarts.init(place, null, { renderer: 'canvas' });
  chart.setOption(options());
  chart.on('click', (event) => {
    const row =
      data.rows[event.componentType === 'yAxis' ? data.rows.findIndex((r) => r.label === event.value) : event.data.row];
    if (row !== undefined) location.hash = row.anchor;
  });
  dark.addEventListener('change', () => chart.setOption(options(), true));
  window.addEventListener('resize', () => chart.resize());

  function options() {
    const ink = colour('--ink');
    const muted = colour('--muted');
    const line = colour('--line');
    const [first, last] = extent();
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: {
        type: 'scroll',
        top: 0,
        left: 0,
        textStyle: { color: ink },
        data: data.scenarios,
        icon: 'circle',
        itemWidth: 10,
        itemGap: 18,
      },
      tooltip: {
        renderMode: 'richText',
        backgroundColor: colour('--card'),
        borderColor: line,
        textStyle: { color: ink, fontSize: 12 },
        formatter: ({ data: point }) => `${data.rows[point.row].label}\n${point.what} ${stamp(point.time)}`,
      },
      grid: { top: 44, left: 8, right: 32, bottom: 62, containLabel: true },
      xAxis: {
        type: 'time',
        min: first,
        max: last,
        axisLabel: {
          color: muted,
          hideOverlap: true,
          formatter: (time) => stamp(time).slice(last - first > 172800000 ? 0 : 11),
        },
        axisLine: { lineStyle: { color: line } },
        splitLine: { show: true, lineStyle: { color: line, type: 'dotted' } },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        triggerEvent: true,
        data: data.rows.map((row) => row.label),
        axisLabel: { color: ink, fontSize: 11, interval: 0 },
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { show: true, lineStyle: { color: line } },
      },
      dataZoom: zooms({ ink, muted, line }),
      series: data.scenarios.flatMap(seriesOf),
    };
  }

  /** Time is zoomed by the slider below; rows that have no room are reached by the one at the right. */
  function zooms({ ink, muted, line }) {
    const style = {
      showDataShadow: false,
      borderColor: line,
      backgroundColor: colour('--paper'),
      fillerColor: colour('--tag'),
      handleStyle: { color: colour('--card'), borderColor: muted },
      moveHandleStyle: { color: line },
      emphasis: { handleStyle: { borderColor: ink }, moveHandleStyle: { color: muted } },
      textStyle: { color: muted },
    };
    const time = { ...style, type: 'slider', xAxisIndex: 0, bottom: 10, height: 22, labelFormatter: stamp };
    if (data.rows.length <= rowsInView) return [time];
    const last = data.rows.length - 1;
    const view = { yAxisIndex: 0, startValue: last - rowsInView + 1, endValue: last, zoomLock: true };
    const rows = { ...style, ...view, type: 'slider', right: 4, width: 14, showDetail: false, brushSelect: false };
    return [time, rows];
  }

  /** Three layers of one scenario: how long it is blocked, what it did, and when it was decided. */
  function seriesOf(name, scenario) {
    const color = palette[scenario % palette.length];
    const rows = data.rows.map((row, index) => ({ ...row, index })).filter((row) => row.scenario === scenario);
    const [, last] = extent();
    const point = (row, time, what) => ({ value: [time, row.label], row: row.index, time, what });
    const bars = rows.flatMap((row) =>
      row.blocks.map(({ from, until }) => bar(row, from, until === null ? last : until, last, color)),
    );
    const dots = rows.flatMap((row) => row.evidence.map((time) => point(row, time, 'evidence at')));
    const marks = rows.flatMap((row) => row.blocks.map(({ from }) => point(row, from, 'blocked at')));
    return [
      {
        name,
        type: 'scatter',
        symbolSize: 6,
        itemStyle: { color, opacity: 0.75 },
        data: dots,
        z: 3,
        markLine: { silent: true, symbol: 'none', animation: false, data: bars },
      },
      {
        name,
        type: 'scatter',
        symbol: 'triangle',
        symbolSize: 11,
        itemStyle: { color, borderColor: colour('--card'), borderWidth: 1 },
        data: marks,
        z: 4,
      },
    ];
  }

  function bar(row, from, until, last, color) {
    const style = { color, width: 7, opacity: 0.22, type: 'solid' };
    return [{ coord: [from, row.label], lineStyle: style }, { coord: [Math.min(until, last), row.label] }];
  }

  function extent() {
    const times = data.rows.flatMap((row) => [...row.evidence, ...row.blocks.map(({ from }) => from)]);
    const first = times.reduce((a, b) => Math.min(a, b));
    const last = times.reduce((a, b) => Math.max(a, b));
    const margin = Math.max(1000, (last - first) * 0.02);
    return [first - margin, last + margin];
  }

  function stamp(time) {
    return new Date(Number(time)).toISOString().slice(0, 19).replace('T', ' ');
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  /** Opens the section that the address names, since a closed one shows nothing. */
  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  }
})();
