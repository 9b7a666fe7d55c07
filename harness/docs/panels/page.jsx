// A dashboard of the chart's, drawn with Grafana's own components from what a Prometheus answered: window.DASHBOARD.
import 'uplot/dist/uPlot.min.css';
import React from 'react';
import {createRoot} from 'react-dom/client';
import {createTheme, dateTime, FieldColorModeId, FieldType, getDisplayProcessor, ThemeContext, toDataFrame} from '@grafana/data';
import {BigValue, BigValueColorMode, BigValueGraphMode, BigValueJustifyMode, BigValueTextMode, GlobalStyles, TimeSeries} from '@grafana/ui';

const {dashboard, answers, range, dark} = window.DASHBOARD;
const theme = createTheme({colors: {mode: dark ? 'dark' : 'light'}});
const ROW = 38, GAP = 8, WIDTH = 1400, COLUMN = WIDTH / 24;

function frames(panel) {
  const {unit, min, max, custom = {}} = panel.fieldConfig.defaults;
  return answers[panel.id].map(({name, times, values}, seriesIndex) => {
    const config = {displayName: name, unit, min, max, custom: {drawStyle: 'line', ...custom}, color: {mode: FieldColorModeId.PaletteClassic}};
    const frame = toDataFrame({fields: [
      {name: 'Time', type: FieldType.time, values: times, config: {}},
      {name, type: FieldType.number, values, config},
    ]});
    frame.fields.forEach((field) => {
      field.state = {...field.state, seriesIndex};
      field.display = getDisplayProcessor({field, theme, timeZone: 'utc'});
    });
    return frame;
  });
}

function Body({panel, width, height}) {
  const found = frames(panel);
  if (!found.length) return <div style={{padding: 16}}>No data</div>;
  if (panel.type === 'stat') {
    const field = found[0].fields[1];
    const value = field.display(field.values[field.values.length - 1]);
    const sparkline = {x: found[0].fields[0], y: field};
    return <BigValue value={value} sparkline={sparkline} width={width} height={height} theme={theme} colorMode={BigValueColorMode.None}
      graphMode={BigValueGraphMode.Area} justifyMode={BigValueJustifyMode.Auto} textMode={BigValueTextMode.Auto} />;
  }
  const timeRange = {from: dateTime(range[0]), to: dateTime(range[1]), raw: {from: dateTime(range[0]), to: dateTime(range[1])}};
  const legend = {displayMode: 'list', placement: 'bottom', showLegend: true, calcs: []};
  return <TimeSeries frames={found} structureRev={1} width={width} height={height} timeRange={timeRange} timeZone="utc" legend={legend} />;
}

function Panel({panel}) {
  const {x, y, w, h} = panel.gridPos;
  const width = w * COLUMN - GAP, height = h * ROW - GAP;
  const box = {
    position: 'absolute', left: x * COLUMN, top: y * ROW, width, height, background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`, borderRadius: 4, overflow: 'hidden',
  };
  return <section style={box}>
    <h2 style={{fontSize: 14, fontWeight: 500, margin: 0, padding: '6px 10px', height: 32}}>{panel.title}</h2>
    <div style={{padding: '0 8px'}}><Body panel={panel} width={width - 18} height={height - 40} /></div>
  </section>;
}

const height = Math.max(...dashboard.panels.map(({gridPos}) => (gridPos.y + gridPos.h) * ROW));
document.body.style.background = theme.colors.background.canvas;
createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div style={{position: 'relative', width: WIDTH - GAP, height, margin: GAP}}>
      {dashboard.panels.map((panel) => <Panel key={panel.id} panel={panel} />)}
    </div>
  </ThemeContext.Provider>,
);
